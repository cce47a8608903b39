/** `microvm gc`. */
import { collectGarbage } from "../store/collect.ts";
import { type Command, parseNoWords } from "./command.ts";
import { installedLinks } from "./installed-links.ts";
import { statusLine } from "./output.ts";
import { directories, stopSignal } from "./setting.ts";
import { count, formatBytes, parseAge } from "./units.ts";

/** Removes what nothing needs from the store. */
export const gcCommand: Command = {
  name: "gc",
  usage: "gc [--older-than AGE] [--dry-run]",
  summary: "Remove what nothing needs from the store",
  help: `Removes every store path that no root needs. Roots are the links that "microvm build -o" made, as long as they
are there; the runners of installed VMs and the host's generations in the state directory; and what running VMs,
builds and other programs make use of right now.

What kept paths are built from is kept as well, fetched packages above all: a changed VM is then built from what
is there. Downloaded indices, and repositories that projects were fetched from, are kept
for 30 days after their last use.

Usage: microvm gc [options]

Options:
      --older-than AGE  Keep younger paths too: a number and one of s, m, h, d, w
      --drop-inputs     Remove what is only needed to build: fetched packages, indices, repositories, tools of builds
      --dry-run         Only print what would be removed
      --json            Print an object: removed, freed (bytes), kept, indices, repositories, dryRun
  -h, --help            Show this

Examples:
  microvm gc
  microvm gc --older-than 14d
  microvm gc --dry-run
  microvm gc --drop-inputs --json
`,
  needsRoot: true,
  async run(args) {
    const values = parseNoWords("gc", args, {
      "older-than": { type: "string" },
      "drop-inputs": { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const age = values["older-than"];
    const dryRun = values["dry-run"];
    const { store, state } = directories();
    using status = statusLine();
    const collected = await collectGarbage(store, {
      links: installedLinks(state),
      keepInputs: !values["drop-inputs"],
      dryRun,
      signal: stopSignal(),
      onProgress: (done, total) => status.show(`removing ${done}/${total} store paths`),
      ...(age !== undefined && { olderThan: parseAge(age, "older-than") }),
    });
    status.clear();
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ ...collected, dryRun }, null, 2)}\n`);
      return 0;
    }
    if (dryRun) for (const name of collected.removed) process.stdout.write(`${name}\n`);
    const { removed, freed, kept } = collected;
    process.stdout.write(
      `${dryRun ? "Would remove" : "Removed"} ${count(removed.length, "store path")}, ${formatBytes(freed)}; ${count(kept, "store path")} kept\n`,
    );
    return 0;
  },
};
