/** An installed VM in the foreground, and what its units must not notice of it. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import {
  existsSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  readTextIfExists,
  rmSync,
  statSync,
} from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { vmNames } from "../paths.ts";
import { groupNumbers, type HostMachine } from "./machine.ts";
import { isRunning } from "./systemd.ts";
import { unitDetails } from "./unit-details.ts";

/** Checks that the VM's unit does not run. Errors: `state-busy`. */
export async function checkNotRunning({ scope }: HostMachine, name: string): Promise<void> {
  const unit = (await unitDetails(scope, [name]).catch(() => undefined))?.get(name);
  if (!isRunning(unit) && unit?.active !== "deactivating") return;
  throw new MicrovmError("state-busy", `"${name}" runs already`, {
    hint: `Stop it first: microvm stop ${name}`,
  });
}

/** Checks that nobody runs the VM in the foreground. Errors: `state-busy`. */
export async function checkNotInForeground({ stateDirectory }: HostMachine, name: string): Promise<void> {
  const path = join(stateDirectory, name, vmNames.lock);
  if (!existsSync(path)) return;
  await using lock = await lockFile(path, { wait: false });
  if (lock) return;
  throw new MicrovmError("state-busy", `"${name}" runs in the foreground`, { hint: "End it there first" });
}

/** What this user made in the directory of another user's VM would be in the way of its unit: it is given to that user. */
export function giveBack({ scope, stateDirectory }: HostMachine, name: string): void {
  const directory = join(stateDirectory, name);
  const entries = readdirSync(directory).map((entry) => join(directory, entry));
  for (const path of entries) if (lstatSync(path).isSocket()) rmSync(path, { force: true });
  if (scope !== "system") return;
  const { gid } = statSync(directory);
  const uid = userOfGroup(gid);
  if (uid === undefined) return;
  const own: ReadonlySet<string> = new Set(
    [vmNames.flake, vmNames.revision].map((name) => join(directory, name)),
  );
  for (const path of entries) {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status?.isFile() && status.uid === 0 && status.nlink === 1 && !own.has(path))
      lchownSync(path, uid, gid);
  }
}

/** The user that is called like a group. */
function userOfGroup(gid: number): number | undefined {
  const group = [...groupNumbers()].find(([, number]) => number === gid)?.[0];
  const line = (readTextIfExists("/etc/passwd") ?? "").split("\n").find((one) => one.startsWith(`${group}:`));
  return group === undefined || line === undefined ? undefined : Number(line.split(":")[2]);
}

/** The runner that an installed VM starts from. */
export function currentRunner({ stateDirectory }: HostMachine, name: string): string {
  return readlinkSync(join(stateDirectory, name, vmNames.current));
}
