/** `microvm lock`. */
import { type LockReport, lockProject, type VmChanges } from "../build/lock-project.ts";
import { findProjectFile } from "../config/index.ts";
import { MicrovmError } from "../errors.ts";
import { LOCK_FILE } from "../paths.ts";
import { QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
import { paint } from "./output.ts";
import { progressReporter } from "./progress.ts";
import { directories, stopSignal } from "./setting.ts";

/** Locks the packages of all VMs of a project, or renews what is locked. */
export const lockCommand: Command = {
  name: "lock",
  usage: "lock [PROJECT] [--update [SET]]",
  summary: "Lock the packages of all VMs, or update them",
  help: `Resolves what all VMs of a project wish for, those of its hosts too, and writes microvm.lock beside the project
file. What is locked stays as it is. Nothing is built.

Usage: microvm lock [PROJECT] [options]

Options:
      --update [SET]     Take the newest versions, of all package sets or of one, and print what changes for each VM.
                         SET is a set's name in the lock, or its beginning: trixie, debian/trixie
      --allow-downgrade  Take an archive's state that is older than the lock has seen
      --dry-run          Print what would change, and write no lock
      --json             Print an object: sets, changes and written
  -q, --quiet            Print no progress, only warnings and errors
  -h, --help             Show this

Examples:
  microvm lock
  microvm lock --update --dry-run
  microvm lock path/to/project --update
  microvm lock --update debian/trixie
`,
  needsRoot: false,
  async run(args) {
    const { set, rest } = takeSet(args);
    const { reference, values } = parseCommand("lock", rest, {
      update: { type: "boolean", default: false },
      "allow-downgrade": { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const { name, ...project } = findProjectFile(reference);
    if (name !== undefined) {
      throw wrongUsage(`"lock" locks all VMs of a project: leave out "#${name}"`);
    }
    if (values["allow-downgrade"] && !values.update) throw wrongUsage('"--allow-downgrade" needs "--update"');
    using reporter = progressReporter({ quiet: values.quiet });
    const report = await lockProject({
      project,
      storeDirectory: directories().store,
      update: values.update ? { set } : undefined,
      allowDowngrade: values["allow-downgrade"],
      dryRun: values["dry-run"],
      onProgress: (step) => reporter.step(step),
      onWarning: (text) => reporter.warning(text),
      signal: stopSignal(),
    });
    process.stdout.write(values.json ? jsonOf(report) : textOf(report, values["dry-run"]));
    return 0;
  },
};

/** `--update` may have a value, which `parseArgs` does not know of. */
function takeSet(args: readonly string[]): {
  readonly set: string | undefined;
  readonly rest: readonly string[];
} {
  const rest: string[] = [];
  let set: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    const [, attached] = /^--update=(.*)$/s.exec(argument) ?? [];
    const next = args[at + 1];
    if (attached !== undefined) set = attached;
    else if (argument === "--update" && next !== undefined && !next.startsWith("-")) {
      set = next;
      at++;
    }
    rest.push(attached === undefined ? argument : "--update");
  }
  return { set, rest };
}

function wrongUsage(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: 'See "microvm lock --help"' });
}

function jsonOf({ sets, changes, isWritten }: LockReport): string {
  return `${JSON.stringify({ sets, changes, written: isWritten }, null, 2)}\n`;
}

function textOf({ sets, changes, isWritten }: LockReport, dryRun: boolean): string {
  const lines = sets.map(
    ({ set, status, packages, vms }) => `${set}: ${status}, ${packages} packages for ${vms.join(", ")}`,
  );
  const details = changes.flatMap(linesOf);
  const outcome = isWritten
    ? `Wrote ${LOCK_FILE}`
    : dryRun && sets.some(({ status }) => status !== "unchanged")
      ? `Would write ${LOCK_FILE}`
      : `${LOCK_FILE} is up to date`;
  return `${[...lines, ...details, outcome].join("\n")}\n`;
}

/** A VM that was not locked before gets a count: all of its packages are new. */
function linesOf({ vm, of, isNew, added, removed, upgraded, downgraded }: VmChanges): readonly string[] {
  const title = paint("bold", of === "guest" ? vm : `${vm} (programs of the host)`);
  if (isNew) return [`${title}: ${added.length} packages`];
  return [
    `${title}:`,
    ...added.map(({ name, version }) => `  added ${name} ${version}`),
    ...removed.map(({ name, version }) => `  removed ${name} ${version}`),
    ...upgraded.map(({ name, from, to }) => `  upgraded ${name} ${from} -> ${to}`),
    ...downgraded.map(({ name, from, to }) => `  downgraded ${name} ${from} -> ${to}`),
  ];
}
