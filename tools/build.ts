/** Compiles `src/` to `dist/`, which is what the package contains, or to another directory: `build.ts [DIRECTORY]`. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("..", import.meta.url));
const output = resolve(process.argv[2] ?? join(top, "dist"));

rmSync(output, { recursive: true, force: true });
const compiler = join(top, "node_modules/.bin/tsc");
const { status, error } = spawnSync(compiler, ["--project", "tsconfig.build.json", "--outDir", output], {
  cwd: top,
  stdio: "inherit",
});
if (error) throw error;
if (status === 0) rewriteAddresses();
else process.exitCode = 1;

/** The compiler renames `.ts` in imports, but not in the address of a worker: `new URL("./x.ts", import.meta.url)`. */
function rewriteAddresses(): void {
  const address = /(\bnew\s+URL\(\s*["'`]\.{1,2}\/[^"'`]*)\.ts(["'`]\s*,\s*import\.meta\.url)/g;
  for (const name of readdirSync(output, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".js")) continue;
    const path = join(output, name);
    const text = readFileSync(path, "utf8");
    const rewritten = text.replace(address, "$1.js$2");
    if (rewritten !== text) writeFileSync(path, rewritten);
  }
}
