/**
 * Builds `dist/`, which is what the package contains, or another directory: `build.ts [DIRECTORY]`. Each program is put
 * together into one file, since to find and open one of its several hundred takes longer than to run it; what a command
 * loads late is in there and runs late. The declarations are beside them.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleProgram } from "./bundle.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
const output = resolve(process.argv[2] ?? join(top, "dist"));

rmSync(output, { recursive: true, force: true });
const compiler = join(top, "node_modules/.bin/tsc");
const { status, error } = spawnSync(compiler, ["--project", "tsconfig.build.json", "--outDir", output], {
  cwd: top,
  stdio: "inherit",
});
if (error) throw error;
if (status === 0) await bundleProgram(output);
else process.exitCode = 1;
