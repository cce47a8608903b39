/** Starting, stopping and restarting installed VMs by their units, and waiting until that is done. */
import { setTimeout as delay } from "node:timers/promises";
import { MicrovmError, messageOf } from "../errors.ts";
import { printable } from "../os/printable.ts";
import type { HostMachine } from "./machine.ts";
import { unitOf } from "./names.ts";
import { isRunning } from "./systemd.ts";
import { journalTail, type UnitDetails, unitDetails } from "./unit-details.ts";

/** What VMs are told. */
export type PowerVerb = "start" | "stop" | "restart";

/** How often the units are looked at meanwhile, in milliseconds. */
const INTERVAL = 250;

/** Milliseconds in which a VM that cannot start at all ends. */
const FIRST_MOMENT = 300;

/** How many lines of the journal an error shows. */
const SHOWN_LINES = 20;

/**
 * Tells VMs to start, stop or restart, all at once, and waits until they have. `onProgress` gets a VM's state whenever it
 * changes. Errors: `host-failed`, with the end of the journal of the first that failed.
 */
export async function setPower(
  machine: HostMachine,
  verb: PowerVerb,
  names: readonly string[],
  onProgress: (name: string, state: UnitDetails) => void,
): Promise<void> {
  // A second is as fine as the journal is asked.
  const began = Date.now() - 1000;
  const done = new AbortController();
  const watching = watch(machine, names, onProgress, done.signal);
  try {
    await machine.systemd.control([verb, "--", ...names.map((name) => unitOf(name))]);
    if (verb !== "stop") await delay(FIRST_MOMENT);
  } catch (error) {
    throw await explain(machine, verb, names, began, error);
  } finally {
    done.abort();
    await watching;
  }
  if (verb === "stop") return;
  const details = await unitDetails(machine.scope, names);
  const fallen = names.some((name) => !isUp(details?.get(name)));
  if (fallen) throw await explain(machine, verb, names, began);
}

/** Whether a unit is active, not only tried again and again. */
function isUp(unit: UnitDetails | undefined): boolean {
  return unit !== undefined && isRunning(unit) && unit.sub !== "auto-restart";
}

async function watch(
  { scope }: HostMachine,
  names: readonly string[],
  onProgress: (name: string, state: UnitDetails) => void,
  signal: AbortSignal,
): Promise<void> {
  const told = new Map<string, string>();
  while (!signal.aborted) {
    await delay(INTERVAL, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    for (const [name, state] of (await unitDetails(scope, names)) ?? []) {
      const text = `${state.active} ${state.sub} ${state.status}`;
      if (told.get(name) === text) continue;
      told.set(name, text);
      onProgress(name, state);
    }
  }
}

async function explain(
  machine: HostMachine,
  verb: PowerVerb,
  names: readonly string[],
  began: number,
  cause?: unknown,
): Promise<MicrovmError> {
  const details = await unitDetails(machine.scope, names);
  const failed = names.filter((name) => {
    const unit = details?.get(name);
    return verb === "stop" ? isRunning(unit) || unit?.active === "deactivating" : !isUp(unit);
  });
  const [name] = failed;
  if (name === undefined) {
    return cause instanceof MicrovmError ? cause : new MicrovmError("host-failed", messageOf(cause));
  }
  const tail = printable(await journalTail(machine.scope, name, SHOWN_LINES, began));
  const others = failed.length === 1 ? "" : ` and ${failed.length - 1} more`;
  const why = reasonOf(details?.get(name));
  const end = tail === "" ? "; the journal has nothing of it" : `; the end of its journal:\n${tail}`;
  return new MicrovmError("host-failed", `"${name}"${others} did not ${verb}${why}${end}`, {
    hint: `See all of it: microvm logs ${name}`,
    ...(cause !== undefined && { cause }),
  });
}

function reasonOf(unit: UnitDetails | undefined): string {
  if (unit === undefined || unit.result === "" || unit.result === "success") return "";
  return unit.result === "timeout" ? ": it took too long" : ` (${unit.result})`;
}
