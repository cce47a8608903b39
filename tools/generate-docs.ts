/** Writes the reference of options to `docs/options`. With `--check` it writes nothing, and fails when that is stale. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { documentedOptions, optionsSchema } from "../src/options/documentation.ts";
import { optionPages, staleFiles } from "./option-pages.ts";

const directory = fileURLToPath(new URL("../docs/options", import.meta.url));
const names = existsSync(directory) ? readdirSync(directory) : [];
const there = new Map(names.map((name) => [name, readFileSync(join(directory, name), "utf8")]));
const wanted = optionPages({
  guest: documentedOptions("guest"),
  host: documentedOptions("host"),
  schema: optionsSchema(),
});

if (process.argv.includes("--check")) {
  const faults = staleFiles(wanted, there);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
} else {
  mkdirSync(directory, { recursive: true });
  for (const name of names) if (!wanted.has(name)) rmSync(join(directory, name));
  for (const [name, text] of wanted) writeFileSync(join(directory, name), text);
}
