/**
 * Builds `dist/`, which is what the package contains, or another directory: `build.ts [DIRECTORY]`. Each program is put
 * together into one file, since to find and open one of its several hundred takes longer than to run it; what a command
 * loads late is in there and runs late. The declarations are beside them.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { PROGRAM_FILES } from "../src/os/program-files.ts";
import { BUNDLE } from "./bundle.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
const output = resolve(process.argv[2] ?? join(top, "dist"));

/** What projects import is loaded by the process that evaluates them: they must have the same modules. */
const TOGETHER: readonly string[] = ["config/child", "index"];

rmSync(output, { recursive: true, force: true });
const compiler = join(top, "node_modules/.bin/tsc");
const { status, error } = spawnSync(compiler, ["--project", "tsconfig.build.json", "--outDir", output], {
  cwd: top,
  stdio: "inherit",
});
if (error) throw error;
if (status === 0) await bundle();
else process.exitCode = 1;

async function bundle(): Promise<void> {
  const isTogether = (name: string) => TOGETHER.includes(name);
  const entriesOf = (names: readonly string[]) =>
    names.map((name) => ({ in: join(top, `src/${name}.ts`), out: name }));
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
