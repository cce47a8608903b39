/** `microvm diff`. */
import { basename, join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { overviewOf } from "../host/overview.ts";
import { listUnits } from "../host/unit-list.ts";
import { buildUpdates, updateWanted } from "../host/update.ts";
import type { ClosureDiff } from "../store/closure-diff.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseWords } from "./command.ts";
import { ownMachine, watched } from "./host-setting.ts";
import { namedVm } from "./installed-vm.ts";
import { stopSignal } from "./setting.ts";
import { diffText } from "./store/diff.ts";
import { diffOf } from "./update.ts";

/** Shows what a restart and an update of a VM would change. */
export const diffCommand: Command = {
  name: "diff",
  usage: "diff NAME",
  summary: "Show what a restart and an update of a VM would change",
  help: `Shows what differs between what a VM runs and what is installed, which a restart would change; then between what is
installed and what its reference names now, which an update would change. For that it is built; nothing is installed.
For a VM that its host declares whole, "microvm switch --dry-run" tells the latter.

Usage: microvm diff NAME [options]

Options:
      --restart  Only what a restart would change; nothing is built
      --files    List every file that differs, and what differs in it
  -q, --quiet    Print no progress
      --json     Print an object: restart and update, each with before, after and diff; null where nothing changes
  -h, --help     Show this

Examples:
  microvm diff web
  microvm diff web --restart --files
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("diff", args, {
      restart: { type: "boolean", default: false },
      files: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const machine = ownMachine();
    const { storeDirectory } = machine;
    const name = namedVm("diff", words, machine.stateDirectory);
    const [vm] = overviewOf(machine, await listUnits(machine.scope), (one) => one === name);
    const { current, booted, isBooted, kind } = vm!;
    const place = (runner: string | null) => (runner === null ? null : join(storeDirectory, runner));
    const compare = async (before: string | null, after: string | null): Promise<Difference | null> => {
      if (after === null || before === after) return null;
      const diff = before === null ? null : await diffOf(machine, before, after);
      return { before: before && basename(before), after: basename(after), diff };
    };
    const restart = isBooted ? await compare(place(booted), place(current)) : null;
    const isAsked = !values.restart && kind !== "config";
    const update = isAsked ? await compare(place(current), await updated()) : null;
    if (values.json) process.stdout.write(`${JSON.stringify({ restart, update }, null, 2)}\n`);
    else {
      process.stdout.write(sectionText("A restart", restart, values.files));
      if (isAsked) process.stdout.write(sectionText("An update", update, values.files));
      if (kind === "config") process.stdout.write("For an update see: microvm switch --dry-run\n");
    }
    return 0;

    async function updated(): Promise<string> {
      const signal = stopSignal();
      await using roots = openTemporaryRoots(storeDirectory);
      const [built] = await watched(values.quiet, (reporter) =>
        buildUpdates(machine, updateWanted(machine, [name]), { storeDirectory, reporter, roots, signal }),
      );
      if (built === undefined) throw new MicrovmError("vm-not-found", `"${name}" was removed meanwhile`);
      return built.runner;
    }
  },
};

/** Two runners; `diff` is null when not all of the first is there any more. */
interface Difference {
  readonly before: string | null;
  readonly after: string;
  readonly diff: ClosureDiff | null;
}

function sectionText(what: string, difference: Difference | null, files: boolean): string {
  if (difference === null) return `${what} would change nothing\n`;
  const { before, after, diff } = difference;
  const head = `${what} would change ${before ?? "nothing that is known"} to ${after}:\n`;
  if (diff === null) return `${head}  what is there now is not in the store any more\n`;
  return `${head}${diffText(diff, files)
    .trimEnd()
    .replace(/^(?=.)/gm, "  ")}\n`;
}
