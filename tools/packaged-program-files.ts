/**
 * Loaded before unit tests (`node --import`): children and threads of the program are started as the package has them, from
 * the program at `MICROVM_TEST_PROGRAM`. From the sources each start takes three times as long.
 */
import { registerHooks } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const program = process.env.MICROVM_TEST_PROGRAM;
if (program !== undefined) {
  const directory = resolve(program, "../..");
  const own = new URL("../src/os/program-files.ts", import.meta.url).href;
  const source = `
    export const PROGRAM_DIRECTORY = ${JSON.stringify(directory)};
    const top = ${JSON.stringify(pathToFileURL(join(directory, "dist/")).href)};
    export const programFile = (name) => new URL(name + ".js", top);
  `;
  registerHooks({
    load: (url, context, nextLoad) =>
      url === own ? { format: "module", source, shortCircuit: true } : nextLoad(url, context),
  });
}
