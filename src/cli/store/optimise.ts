/** `microvm store optimise`. */
import { optimiseStore } from "../../store/optimise.ts";
import { type Command, parseNoWords } from "../command.ts";
import { statusLine } from "../output.ts";
import { stopSignal } from "../setting.ts";
import { count, formatBytes } from "../units.ts";
import { storeInUse } from "./paths.ts";

/** Lets equal files be one. */
export const optimiseCommand: Command = {
  name: "store optimise",
  usage: "store optimise",
  summary: "Let equal files of different store paths be one file on the disk",
  help: `Makes hard links of equal files in different store paths: those of one content, mode and owner. That saves most
after updates, when layers of the same packages lie beside each other. It can run while VMs run and others build.

Usage: microvm store optimise [options]

Options:
      --json  Print an object: linked (names), saved (bytes)
  -h, --help  Show this

Examples:
  microvm store optimise
  microvm gc && microvm store optimise --json
`,
  needsRoot: true,
  async run(args) {
    const values = parseNoWords("store optimise", args, { json: { type: "boolean", default: false } });
    using status = statusLine();
    const optimised = await optimiseStore(storeInUse().store.directory, {
      signal: stopSignal(),
      onProgress: (done, total) => status.show(`comparing files: ${done}/${total}`),
    });
    status.clear();
    process.stdout.write(
      values.json
        ? `${JSON.stringify(optimised, null, 2)}\n`
        : `Linked ${count(optimised.linked, "file")}, saved ${formatBytes(optimised.saved)}\n`,
    );
    return 0;
  },
};
