/** Checks every import below `src/` against the table of rooms in the architecture. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkImports } from "./import-rules.ts";

const top = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(top, path), "utf8");
const paths = readdirSync(join(top, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => `src/${path}`)
  .sort();
const sources = new Map(paths.map((path) => [path, read(path)]));
const faults = checkImports(sources, read("docs/architecture.md"));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
