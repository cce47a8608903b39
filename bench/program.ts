/** The program as an installed package is: compiled, not from its sources. */
import { existsSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { BUNDLE, makeProgram } from "../tools/bundle.ts";
import type { Workspace } from "./workspace.ts";

/** The checkout, whose modules the compiled program uses. */
export const PROGRAM_TOP = resolve(import.meta.dirname, "..");

/** The command that starts the program; it is put together in the workspace once. */
export async function programCommand(workspace: Workspace): Promise<readonly string[]> {
  const directory = join(workspace.directory, "program");
  const program = join(directory, "bin/microvm.js");
  return [process.execPath, existsSync(program) ? program : await makeProgram(directory)];
}

/** The command that starts one of the benchmarks' own programs, put together as the program is. */
export async function ownProgramCommand(workspace: Workspace, name: string): Promise<readonly string[]> {
  const directory = join(workspace.directory, name);
  if (!existsSync(directory)) {
    await build({ ...BUNDLE, entryPoints: [join(PROGRAM_TOP, "bench", `${name}.ts`)], outdir: directory });
    symlinkSync(join(PROGRAM_TOP, "node_modules"), join(directory, "node_modules"));
  }
  return [process.execPath, join(directory, `${name}.js`)];
}
