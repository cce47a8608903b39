/** `microvm store verify`. */
import { buildersWith } from "../../build/builders.ts";
import { knownSources } from "../../build/known-sources.ts";
import { MicrovmError } from "../../errors.ts";
import type { InfoRecord } from "../../store/info.ts";
import { presentNames } from "../../store/names.ts";
import { reachableFrom } from "../../store/reachable.ts";
import type { Store } from "../../store/store.ts";
import { type PathVerdict, verifyPaths } from "../../store/verify.ts";
import { type Command, parseWords } from "../command.ts";
import { statusLine } from "../output.ts";
import { stopSignal } from "../setting.ts";
import { count } from "../units.ts";
import { storeInUse } from "./paths.ts";

/** Checks what is in the store. */
export const verifyCommand: Command = {
  name: "store verify",
  usage: "store verify [PATH…] [--repair] [--rebuild]",
  summary: "Check that what is in the store is what was built",
  help: `Reads store paths, without a PATH all of them, and compares them with the digests in their records. Prints what
differs, and fails when something does.

With --rebuild the paths, all that they need and all that they were built from are built anew, each from its
inputs in the store, and compared: it shows that the same lock gives the same bytes, or the first difference.

Usage: microvm store verify [PATH…] [options]

Options:
      --repair       Build or fetch damaged paths anew, and put them in the others' place when their digest is the
                     recorded one. VMs that run from a repaired path must be started again
      --rebuild      Build the paths anew and compare; needs what they were built from ("microvm gc" keeps it)
      --mirror URL   Where to fetch damaged package files from (default: what the host's apt configuration names)
      --json         Print a list of objects: name, status (intact, damaged, repaired, differs, not-rebuilt),
                     detail, repair
  -h, --help         Show this

Examples:
  microvm store verify
  microvm store verify --repair
  microvm store verify result --rebuild
  microvm store verify trixie-base --rebuild --json
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("store verify", args, {
      repair: { type: "boolean", default: false },
      rebuild: { type: "boolean", default: false },
      mirror: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const { store, find } = storeInUse();
    const named = words.length === 0 ? presentNames(store.directory) : words.map(find);
    const names = values.rebuild ? withInputs(store, named) : named;
    using status = statusLine();
    const verdicts = await verifyPaths(store.directory, names, {
      repair: values.repair,
      rebuild: values.rebuild,
      builders: buildersWith(knownSources(records(store, names), values.mirror)),
      signal: stopSignal(),
      onProgress: (done, total, name, progress) =>
        status.show(`${done}/${total} ${name}${progress ? `: ${progress.note ?? ""} ${progress.done}` : ""}`),
    });
    status.clear();
    if (values.json) process.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
    else for (const verdict of verdicts) process.stdout.write(asLines(verdict));
    return report(verdicts, values.rebuild, values.json);
  },
};

function withInputs(store: Store, names: readonly string[]): string[] {
  const info = (name: string) => (store.has(name) ? store.info(name) : undefined);
  return [...reachableFrom(names, info, { inputs: true })].filter((name) => store.has(name)).sort();
}

/** Records that can be read; verification says which cannot. */
function* records(store: Store, names: readonly string[]): Generator<InfoRecord> {
  for (const name of names) {
    try {
      yield store.info(name);
    } catch (error) {
      if (!(error instanceof MicrovmError)) throw error;
    }
  }
}

function asLines({ name, status, detail, repair }: PathVerdict): string {
  if (status === "intact") return "";
  const why = repair === undefined ? "" : `\n  cannot be repaired: ${repair}`;
  return `${name}: ${TEXTS[status]}${detail === undefined ? "" : `: ${detail}`}${why}\n`;
}

const TEXTS: Readonly<Record<PathVerdict["status"], string>> = {
  intact: "intact",
  damaged: "damaged",
  repaired: "was damaged and is repaired",
  differs: "built anew it differs",
  "not-rebuilt": "cannot be built anew",
};

/** The summary and the exit status; an error when something is wrong. */
function report(verdicts: readonly PathVerdict[], rebuilt: boolean, json: boolean): number {
  const of = (status: PathVerdict["status"]) =>
    verdicts.filter((verdict) => verdict.status === status).length;
  const [damaged, differing, open] = [of("damaged"), of("differs"), of("not-rebuilt")];
  if (damaged + differing + open > 0) {
    throw new MicrovmError("store-damaged", faults(damaged, differing, open, verdicts.length), {
      hint: damaged > 0 ? 'Try "microvm store verify --repair"' : "Each is named above, with what differs",
    });
  }
  const intact = rebuilt ? "intact and the same when built anew" : "intact";
  if (!json) {
    const repaired = of("repaired");
    process.stdout.write(
      `${count(of("intact"), "store path")} ${intact}${repaired > 0 ? `, ${repaired} repaired` : ""}\n`,
    );
  }
  return 0;
}

function faults(damaged: number, differing: number, open: number, all: number): string {
  const parts = [
    ...(damaged > 0 ? [`${damaged} damaged`] : []),
    ...(differing > 0 ? [`${differing} other when built anew`] : []),
    ...(open > 0 ? [`${open} that cannot be built anew`] : []),
  ];
  return `Of ${count(all, "store path")}, ${parts.join(", ")}`;
}
