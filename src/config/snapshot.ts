/**
 * Snapshots of the evaluating child: where they lie, and how one is made. There is one beside an installed program
 * when it was made after the installation, by the very Node that runs the program now; without it the child starts
 * from its files. Whoever can write there can write the program.
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "../os/files.ts";
import { run } from "../os/processes.ts";
import { programFile } from "../os/program-files.ts";

const ENDING = ".blob";

/** The snapshot that this Node can start from; undefined when none was made. */
export function childSnapshot(): string | undefined {
  const file = snapshotFile();
  return existsSync(file) ? file : undefined;
}

/** Makes it anew, and removes those of other Nodes. `child-snapshot.cjs` must lie beside the child's program. */
export async function makeChildSnapshot(): Promise<void> {
  const file = snapshotFile();
  const directory = dirname(file);
  const unfinished = `${file}.${process.pid}`;
  try {
    const source = join(directory, "child-snapshot.cjs");
    await run([process.execPath, "--snapshot-blob", unfinished, "--build-snapshot", source]);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
  for (const name of readdirSync(directory)) {
    if (name.endsWith(ENDING) && name !== basename(file)) rmSync(join(directory, name), { force: true });
  }
}

/** Another Node refuses a snapshot, or worse: the name says which program made it, by whatever path it is reached. */
function snapshotFile(): string {
  const { size, mtimeMs, ino } = statSync(process.execPath);
  const node = JSON.stringify([process.version, process.arch, size, mtimeMs, ino]);
  const id = createHash("sha256").update(node).digest("hex").slice(0, 16);
  return join(dirname(fileURLToPath(programFile("config/child"))), `child-${id}${ENDING}`);
}
