/** Files that emulated VMs hold while they start, so that no more start at once than the host has processors. */
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "../os/files.ts";
import { availableParallelism } from "../os/workers.ts";
import { TURNS_DIRECTORY, turnNames } from "../paths.ts";

/** Makes them in the state directory. A host that has no room for them, or only some, does with what is there. */
export function makeTurns(stateDirectory: string, count = availableParallelism()): void {
  const directory = join(stateDirectory, TURNS_DIRECTORY);
  const wanted = [turnNames.next, ...Array.from({ length: count }, (_, index) => String(index))];
  try {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o755);
    for (const name of wanted) {
      const file = join(directory, name);
      if (existsSync(file)) continue;
      writeFileSync(file, "");
      // To be read, and so locked, by every VM's user.
      chmodSync(file, 0o644);
    }
    for (const name of readdirSync(directory).filter((one) => !wanted.includes(one)))
      rmSync(join(directory, name));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}
