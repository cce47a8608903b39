/** `microvm lock`. */
import { type LockReport, lockProject, type VmChanges } from "../build/lock-project.ts";
import { MicrovmError } from "../errors.ts";
import { LOCK_FILE } from "../paths.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseCommand } from "./command.ts";
import { paint } from "./output.ts";
import { progressReporter } from "./progress.ts";
import { findProjectFor } from "./project.ts";
import { directories, stopSignal } from "./setting.ts";

/** Locks the packages of all VMs of a project, or renews what is locked. */
export const lockCommand: Command = {
  name: "lock",
  usage: "lock [PROJECT] [--update [SET|REFERENCE]]",
  summary: "Lock the packages of all VMs, or update them",
  help: `Resolves what all VMs of a project wish for, those of its hosts too, and writes microvm.lock beside the project
file. References of its hosts to other projects are locked to their commits as well. What is locked stays as it is.
Nothing is built.

Usage: microvm lock [PROJECT] [options]

Options:
      --update [SET|REFERENCE]
                         Take the newest versions, of all package sets and references or of one, and print what
                         changes. SET is a set's name in the lock, or its beginning: trixie, debian/trixie
      --allow-downgrade  Take an archive's state that is older than the lock has seen
      --dry-run          Print what would change, and write no lock
      --json             Print an object: sets, changes, references and written
  -q, --quiet            Print no progress, only warnings and errors
  -h, --help             Show this

Examples:
  microvm lock
  microvm lock --update --dry-run
  microvm lock path/to/project --update
  microvm lock --update debian/trixie
  microvm lock --update 'git+https://HOST/REPOSITORY?ref=main'
`,
  needsRoot: false,
  async run(args) {
    const { only, rest } = takeOnly(args);
    const { reference, values } = parseCommand("lock", rest, {
      update: { type: "boolean", default: false },
      "allow-downgrade": { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const { store: storeDirectory } = directories();
    await using roots = openTemporaryRoots(storeDirectory);
    const signal = stopSignal();
    const { quiet } = values;
    const { name, ...project } = await findProjectFor(reference, { storeDirectory, signal, roots, quiet });
    if (name !== undefined) {
      throw wrongUsage(`"lock" locks all VMs of a project: leave out "#${name}"`);
    }
    if (values["allow-downgrade"] && !values.update) throw wrongUsage('"--allow-downgrade" needs "--update"');
    using reporter = progressReporter({ quiet });
    const report = await lockProject({
      project,
      storeDirectory,
      update: values.update ? { only } : undefined,
      allowDowngrade: values["allow-downgrade"],
      dryRun: values["dry-run"],
      onProgress: (step) => reporter.step(step),
      onWarning: (text) => reporter.warning(text),
      signal,
    });
    process.stdout.write(values.json ? jsonOf(report) : textOf(report, values["dry-run"]));
    return 0;
  },
};

/** `--update` may have a value, which `parseArgs` does not know of. */
function takeOnly(args: readonly string[]): {
  readonly only: string | undefined;
  readonly rest: readonly string[];
} {
  const rest: string[] = [];
  let only: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    const [, attached] = /^--update=(.*)$/s.exec(argument) ?? [];
    const next = args[at + 1];
    if (attached !== undefined) only = attached;
    else if (argument === "--update" && next !== undefined && !next.startsWith("-")) {
      only = next;
      at++;
    }
    rest.push(attached === undefined ? argument : "--update");
  }
  return { only, rest };
}

function wrongUsage(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: 'See "microvm lock --help"' });
}

function jsonOf({ sets, changes, references, isWritten }: LockReport): string {
  return `${JSON.stringify({ sets, changes, references, written: isWritten }, null, 2)}\n`;
}

function textOf({ sets, changes, references, isWritten }: LockReport, dryRun: boolean): string {
  const lines = sets.map(
    ({ set, status, packages, vms }) => `${set}: ${status}, ${packages} packages for ${vms.join(", ")}`,
  );
  const commits = references.map(({ reference, status, rev, from }) => {
    const what = from === undefined ? short(rev) : `${short(from)} -> ${short(rev)}`;
    return `${reference}: ${status}, ${what}`;
  });
  const details = changes.flatMap(linesOf);
  const isStale = [...sets, ...references].some(({ status }) => status !== "unchanged");
  const outcome = isWritten
    ? `Wrote ${LOCK_FILE}`
    : dryRun && isStale
      ? `Would write ${LOCK_FILE}`
      : `${LOCK_FILE} is up to date`;
  return `${[...lines, ...commits, ...details, outcome].join("\n")}\n`;
}

/** As much of a commit's hash as a person compares. */
function short(rev: string): string {
  return rev.slice(0, 12);
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
