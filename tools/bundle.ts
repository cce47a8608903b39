/** How programs are put together into few files. */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

/**
 * Writes what esbuild made (hence `write: false` below), and refuses what is not ASCII: Node reads every byte of a program
 * at each start, compiled code or not, and a program with one other letter as text of twice the size.
 */
const onlyAscii: Plugin = {
  name: "only-ascii",
  setup({ onEnd }) {
    onEnd(({ outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const found = /.*[^\x00-\x7f].*/.exec(text)?.[0];
        if (found !== undefined) return { errors: [{ text: `"${path}" would not be ASCII: ${found}` }] };
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
      return null;
    });
  },
};

/** Of esbuild. Packages stay where they are. Names and lines are kept, so that a fault's place can be read. */
export const BUNDLE = {
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node24",
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  write: false,
  plugins: [ownModulesOfNode, onlyAscii],
  logLevel: "warning",
} as const satisfies BuildOptions;

/** What projects import is loaded by the process that evaluates them: they must have the same modules. */
const TOGETHER: readonly string[] = ["config/child", "index"];

/** Puts each of the program's files together in a directory: that of the package is `dist`. */
export async function bundleProgram(output: string): Promise<void> {
  const isTogether = (name: string) => TOGETHER.includes(name);
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

function entriesOf(names: readonly string[]) {
  return names.map((name) => ({ in: join(TOP, `src/${name}.ts`), out: name }));
}

/** A directory with the program as the package is installed, without types. Gives the file that starts it. */
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
