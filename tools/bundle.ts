/** How programs are put together into few files. */
import { cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { PROGRAM_FILES } from "../src/os/program-files.ts";

const TOP = fileURLToPath(new URL("..", import.meta.url));

/**
 * Takes Node's own modules as they are. Where they are imported, Node makes a module of each with all that it exports,
 * for which it loads even what it else loads when it is first used: nearly half the time that the program takes to load.
 */
const ownModulesOfNode: Plugin = {
  name: "own-modules-of-node",
  setup({ onResolve, onLoad }) {
    const namespace = "own-module-of-node";
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};

/** Of esbuild. Packages stay where they are. */
export const BUNDLE = {
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node24",
  plugins: [ownModulesOfNode],
  logLevel: "warning",
} as const satisfies BuildOptions;

/** What projects import is loaded by the process that evaluates them: they must have the same modules. */
const TOGETHER: readonly string[] = ["config/child", "index"];

/** Puts each of the program's files together in a directory: that of the package is `dist`. */
export async function bundleProgram(output: string): Promise<void> {
  const isTogether = (name: string) => TOGETHER.includes(name);
  const entriesOf = (names: readonly string[]) =>
    names.map((name) => ({ in: join(TOP, `src/${name}.ts`), out: name }));
  await build({
    entryPoints: entriesOf(PROGRAM_FILES.filter(isTogether)),
    outdir: output,
    ...BUNDLE,
    splitting: true,
    // One directory below the top, as src/os/program-files.ts wants it.
    chunkNames: "parts/[name]-[hash]",
  });
  for (const name of PROGRAM_FILES.filter((name) => !isTogether(name))) {
    await build({ entryPoints: entriesOf([name]), outdir: output, ...BUNDLE });
  }
}

/** A directory with the program as the package has it, without types. Gives the file that starts it. */
export async function makeProgram(directory: string): Promise<string> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await bundleProgram(join(directory, "dist"));
  for (const name of ["bin", "package.json"]) {
    cpSync(join(TOP, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(TOP, "node_modules"), join(directory, "node_modules"));
  return join(directory, "bin/microvm.js");
}
