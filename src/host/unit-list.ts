/** Which VMs' units systemd knows: one question, whatever their number. */
import { runToEnd } from "../os/processes.ts";
import type { Scope } from "./host-record.ts";
import { unitOf, vmOfUnit } from "./names.ts";
import { hasSystemd } from "./systemd.ts";

/** A unit that systemd has loaded. */
export interface ListedUnit {
  /** `active`, `activating`, `failed`, … */
  readonly active: string;
  /** `running`, `auto-restart`, … */
  readonly sub: string;
}

/** Main units of VMs, by the VM's name; undefined where no systemd answers this user. */
export async function listUnits(scope: Scope): Promise<ReadonlyMap<string, ListedUnit> | undefined> {
  if (!hasSystemd()) return undefined;
  const { code, stdout } = await runToEnd([
    ...["systemctl", ...(scope === "user" ? ["--user"] : [])],
    // A unit's properties cost a question each; this is one for all.
    ...["list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager", unitOf("*")],
  ]);
  return code === 0 ? parseUnits(stdout.toString()) : undefined;
}

/** Lines of unit, load state, active state, sub state and description. */
export function parseUnits(text: string): Map<string, ListedUnit> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const [unit = "", , active, sub] = line.trim().split(/\s+/);
      const name = vmOfUnit(unit);
      return name === undefined || active === undefined || sub === undefined ? [] : [[name, { active, sub }]];
    }),
  );
}
