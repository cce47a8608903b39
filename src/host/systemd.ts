/** The service manager that runs a host's units: the machine's, or a user's own. */
import { MicrovmError } from "../errors.ts";
import { accessSync, existsSync, fsConstants, mkdirSync } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import type { Scope } from "./host-record.ts";
import { vmOfUnit } from "./names.ts";

/** What systemd says of a unit. */
export interface UnitState {
  /** `active`, `activating`, `inactive`, `failed`, … */
  readonly active: string;
  /** `running`, `dead`, `auto-restart`, … */
  readonly sub: string;
  /** When it became what it is, in microseconds since 1970; 0 when it never was. */
  readonly since: number;
}

/** The service manager, by its own command. */
export interface Systemd {
  readonly scope: Scope;
  /** Runs `systemctl`; a failure is an error (`host-failed`) with what it said. */
  control(args: readonly string[]): Promise<void>;
  /** States of all VMs that systemd knows, by name, in one call. */
  vmStates(): Promise<ReadonlyMap<string, UnitState>>;
}

/** Which systemd a user's host belongs to. */
export function scopeOf(uid: number): Scope {
  return uid === 0 ? "system" : "user";
}

/** Talks to systemd. Nothing is asked until it is used. */
export function openSystemd(scope: Scope): Systemd {
  const command = ["systemctl", ...(scope === "user" ? ["--user"] : [])];
  return {
    scope,
    async control(args) {
      const { code, stdout, stderr } = await runToEnd([...command, ...args]);
      if (code === 0) return;
      throw new MicrovmError("host-failed", `${failed([...command, ...args])}: ${said(stderr, stdout)}`, {
        hint: `See "${scope === "user" ? "journalctl --user" : "journalctl"} -e" for what the units said`,
      });
    },
    async vmStates() {
      const properties = "--property=Id,ActiveState,SubState,StateChangeTimestamp";
      const show = ["show", "--no-pager", "--timestamp=us+utc", properties, "microvm@*.service"];
      const { code, stdout, stderr } = await runToEnd([...command, ...show]);
      if (code !== 0)
        throw new MicrovmError("host-failed", `${failed([...command, "show"])}: ${said(stderr)}`);
      return parseStates(stdout.toString());
    },
  };
}

/** Whether systemd runs this machine, which sd_booted(3) tells by a directory. */
export function hasSystemd(booted = "/run/systemd/system"): boolean {
  return existsSync(booted);
}

function failed(command: readonly string[]): string {
  const words = command.slice(0, 6).join(" ");
  return `"${words}${command.length > 6 ? " …" : ""}" failed`;
}

function said(...outputs: readonly Buffer[]): string {
  return outputs.join("").trim().split("\n").slice(0, 20).join("\n") || "it gave no reason";
}

/** Properties of units as `systemctl show` prints them: blocks of `KEY=value` lines with an empty line between. */
export function parseProperties(text: string): Readonly<Record<string, string>>[] {
  return text.split("\n\n").map((block) =>
    Object.fromEntries(
      block.split("\n").map((line) => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    ),
  );
}

/** States of VMs, from what `systemctl show` prints. */
export function parseStates(text: string): Map<string, UnitState> {
  const states = new Map<string, UnitState>();
  for (const fields of parseProperties(text)) {
    const name = vmOfUnit(fields.Id ?? "");
    if (name === undefined) continue;
    states.set(name, {
      active: fields.ActiveState ?? "unknown",
      sub: fields.SubState ?? "unknown",
      since: parseTime(fields.StateChangeTimestamp ?? ""),
    });
  }
  return states;
}

/** Microseconds since 1970 of a time as `--timestamp=us+utc` prints it; 0 for none. */
export function parseTime(text: string): number {
  const time = Date.parse(text.replace(/^\w+ (\S+) (\S+) UTC$/, "$1T$2Z"));
  return Number.isNaN(time) ? 0 : time * 1000;
}

/** Whether a VM runs, or is about to. */
export function isRunning(state: UnitState | undefined): boolean {
  return state !== undefined && ["active", "activating", "reloading"].includes(state.active);
}

/**
 * Checks that this machine can be a host (`host-unsupported`): systemd runs and its directory of units can be written
 * to.
 */
export async function checkHost(
  systemd: Pick<Systemd, "scope">,
  unitDirectory: string,
  booted?: string,
): Promise<void> {
  const instead = 'Without that, "microvm run" runs VMs in the foreground';
  if (!hasSystemd(booted)) {
    throw new MicrovmError("host-unsupported", "This machine does not run systemd, which a host needs", {
      hint: instead,
    });
  }
  if (systemd.scope === "user") await checkUserManager(instead);
  try {
    mkdirSync(unitDirectory, { recursive: true });
    accessSync(unitDirectory, fsConstants.W_OK | fsConstants.X_OK);
  } catch (error) {
    throw new MicrovmError("host-unsupported", `Cannot write units to "${unitDirectory}"`, {
      hint: `Run as root on a system whose /etc can be written to. ${instead}`,
      cause: error,
    });
  }
}

async function checkUserManager(instead: string): Promise<void> {
  const { code, stderr } = await runToEnd(["systemctl", "--user", "show", "--property=Version"]);
  if (code === 0) return;
  throw new MicrovmError("host-unsupported", `There is no systemd of this user to talk to: ${said(stderr)}`, {
    hint: `Log in as this user, or as root run: loginctl enable-linger USER. ${instead}`,
  });
}
