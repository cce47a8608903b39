/** What systemd says of VMs' units, and what their journal has. */
import { runToEnd } from "../os/processes.ts";
import type { Scope } from "./host-record.ts";
import { installUnit, TEMPLATES, unitOf, vmOfUnit } from "./names.ts";
import { parseProperties, parseTime } from "./systemd.ts";

/** A VM's main unit. */
export interface UnitDetails {
  /** `active`, `activating`, `inactive`, `failed`, … */
  readonly active: string;
  readonly sub: string;
  /** Why it failed: `exit-code`, `timeout`, …; `success` when it did not. */
  readonly result: string;
  /** What the VM says of itself: the stage of its start. Empty when it says nothing. */
  readonly status: string;
  /** When it became what it is, in milliseconds since 1970; 0 when it never was. */
  readonly since: number;
  /** The hypervisor's process; 0 when there is none. */
  readonly mainPid: number;
  /** Bytes that its processes have; null when nobody counts. */
  readonly memory: number | null;
  /** How often systemd has restarted it by itself. */
  readonly restarts: number;
}

const PROPERTIES = [
  ...["Id", "ActiveState", "SubState", "Result", "StatusText"],
  ...["StateChangeTimestamp", "MainPID", "MemoryCurrent", "NRestarts"],
];

/** The units of some VMs, by name, with one call; undefined where no systemd answers this user. */
export async function unitDetails(
  scope: Scope,
  names: readonly string[],
): Promise<ReadonlyMap<string, UnitDetails> | undefined> {
  if (names.length === 0) return new Map();
  const { code, stdout } = await runToEnd([
    ...["systemctl", ...(scope === "user" ? ["--user"] : []), "show", "--no-pager", "--timestamp=us+utc"],
    ...[`--property=${PROPERTIES.join(",")}`, "--", ...names.map((name) => unitOf(name))],
  ]);
  return code === 0 ? parseDetails(stdout.toString()) : undefined;
}

/** From what `systemctl show` prints. */
export function parseDetails(text: string): Map<string, UnitDetails> {
  return new Map(
    parseProperties(text).flatMap((fields) => {
      const name = vmOfUnit(fields.Id ?? "");
      if (name === undefined) return [];
      const memory = Number(fields.MemoryCurrent);
      const details: UnitDetails = {
        active: fields.ActiveState ?? "unknown",
        sub: fields.SubState ?? "unknown",
        result: fields.Result ?? "",
        status: fields.StatusText ?? "",
        since: Math.round(parseTime(fields.StateChangeTimestamp ?? "") / 1000),
        mainPid: Number(fields.MainPID ?? 0),
        // "[not set]", or the largest number there is.
        memory: Number.isSafeInteger(memory) && fields.MemoryCurrent !== "" ? memory : null,
        restarts: Number(fields.NRestarts ?? 0),
      };
      return [[name, details]];
    }),
  );
}

/** All units of a VM, those that prepare it too. */
export function unitsOf(name: string): readonly string[] {
  return [...TEMPLATES.map((template) => unitOf(name, template)), installUnit(name)];
}

/** The command that reads the journal of VMs' units. */
export function journalCommand(
  scope: Scope,
  names: readonly string[],
  options: readonly string[],
): readonly string[] {
  const units = names.flatMap(unitsOf).map((unit) => `--unit=${unit}`);
  return ["journalctl", ...(scope === "user" ? ["--user"] : []), "--no-pager", ...options, ...units];
}

/** The last lines of a VM's journal since a time in milliseconds since 1970; empty when it has none or cannot be read. */
export async function journalTail(scope: Scope, name: string, lines: number, since: number): Promise<string> {
  const time = `--since=@${Math.floor(since / 1000)}`;
  const command = journalCommand(scope, [name], ["--quiet", "--output=cat", `--lines=${lines}`, time]);
  const result = await runToEnd(command).catch(() => undefined);
  return result?.code === 0 ? result.stdout.toString().trimEnd() : "";
}
