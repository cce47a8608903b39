/**
 * Loaded before unit tests (`node --import`): children and threads of the program are started as the package has them, from
 * the program at `MICROVM_TEST_PROGRAM`. From the sources each start takes three times as long. What the tests' own process
 * loads stays the sources', as it must have one of each module.
 */
import { registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const directory = resolve(process.env.MICROVM_TEST_PROGRAM!, "../..");
const own = new URL("../src/os/program-files.ts", import.meta.url);
const source = `
  export const PROGRAM_DIRECTORY = ${JSON.stringify(directory)};
  const packaged = ${JSON.stringify(pathToFileURL(join(directory, "dist/")).href)};
  const index = ${JSON.stringify(new URL("../index.ts", own).href)};
  export const programFile = (name) => new URL(name === "index" ? index : packaged + name + ".js");
`;
registerHooks({
  load: (url, context, nextLoad) =>
    url === own.href ? { format: "module", source, shortCircuit: true } : nextLoad(url, context),
});
