/** The program as an installed package is: compiled, not from its sources. */
import { cpSync, existsSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { BUNDLE } from "../tools/bundle.ts";
import type { Workspace } from "./workspace.ts";

const TOP = resolve(import.meta.dirname, "..");

/** The command that starts the program; it is compiled into the workspace once. */
export async function programCommand(workspace: Workspace): Promise<readonly string[]> {
  const directory = join(workspace.directory, "program");
  if (!existsSync(directory)) {
    await workspace.run([process.execPath, join(TOP, "tools/build.ts"), join(directory, "dist")]);
    for (const name of ["bin", "package.json"]) {
      cpSync(join(TOP, name), join(directory, name), { recursive: true });
    }
    symlinkSync(join(TOP, "node_modules"), join(directory, "node_modules"));
  }
  return [process.execPath, join(directory, "bin/microvm.js")];
}

/** The command that starts one of the benchmarks' own programs, put together as the program is. */
export async function ownProgramCommand(workspace: Workspace, name: string): Promise<readonly string[]> {
  const directory = join(workspace.directory, name);
  if (!existsSync(directory)) {
    await build({ ...BUNDLE, entryPoints: [join(TOP, "bench", `${name}.ts`)], outdir: directory });
    symlinkSync(join(TOP, "node_modules"), join(directory, "node_modules"));
  }
  return [process.execPath, join(directory, `${name}.js`)];
}
