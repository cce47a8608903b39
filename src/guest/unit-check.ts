/** Checks the declared units before they are booted: what they refer to is there, and systemd takes them. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { mkdirSync, writeFileSync } from "../os/files.ts";
import { printable } from "../os/printable.ts";
import { quoteCommand } from "../os/processes.ts";
import type { HostTools } from "../packages/host-tools.ts";
import type { Builder, BuildJob } from "../store/builder.ts";
import { type FileEntry, writeTree } from "../store/files.ts";
import type { Recipe } from "../store/recipe.ts";
import { emulationFor } from "./emulation.ts";
import { findInLayer } from "./layer-paths.ts";
import { runInSandbox } from "./sandbox.ts";
import { layerEntries, type TracedUnit, templateOf, unitFinder, unitParams } from "./unit-files.ts";
import { missingReferences } from "./unit-references.ts";
import { type CheckedUnit, refusals, refusalText } from "./unit-refusals.ts";

interface CheckParams {
  readonly units: readonly TracedUnit[];
  readonly entries: readonly FileEntry[];
  readonly architecture: string;
}

/**
 * The recipe of a check of units on layers of packages for an architecture, nearest first. Of the other files of the guest those matter
 * that units run and that change units; others may change without a new check.
 */
export function unitCheckRecipe(
  units: readonly TracedUnit[],
  entries: readonly FileEntry[],
  lowers: readonly Recipe[],
  architecture: string,
  tools: HostTools,
): Recipe {
  return {
    kind: "unit-check",
    version: 2,
    name: "unit-check",
    params: {
      units: units.map((unit) => ({
        ...unitParams(unit),
        option: unit.option,
        definedIn: [...unit.definedIn],
      })),
      entries: entries.flatMap(seenByUnits),
      architecture,
    },
    inputs: { lowers },
    helpers: tools.emulator ? { emulator: tools.emulator } : {},
  };
}

/** An entry as far as it matters to units: what they are started with is looked for and not read. */
function seenByUnits(entry: FileEntry) {
  if (/^etc\/(?:systemd\/system|init\.d)\//.test(entry.path) || entry.type === "symlink")
    return [{ ...entry }];
  const isProgram = entry.type === "file" && ((entry.mode ?? 0) & 0o111) !== 0;
  return isProgram ? [{ ...entry, text: "" }] : [];
}

/** systemd's own checker, a part of its package. */
const CHECKER = "usr/bin/systemd-analyze";

/** Builds `unit-check`: a file that says how many units were checked. Units that fail are an error (`config-invalid`). */
export const buildUnitCheck: Builder = async (job) => {
  const { units, entries, architecture } = job.params as unknown as CheckParams;
  const lowers = job.inputs("lowers");
  const { missing, doubtful } = missingReferences(units, entries, lowers);
  if (missing.length > 0) throw refused(missing);
  for (const warning of doubtful) job.log(Buffer.from(`warning: ${warning}\n`));
  if (lowers.some((layer) => findInLayer(layer, CHECKER)?.stats.isFile())) {
    await verify(job, units, entries, lowers, architecture);
  } else job.log(Buffer.from(`The guest's packages have no "/${CHECKER}": units are not verified\n`));
  writeFileSync(job.out, `${units.length} units\n`);
};

/** Lets the guest's own systemd read the units where they will lie. */
async function verify(
  job: BuildJob,
  units: readonly TracedUnit[],
  entries: readonly FileEntry[],
  lowers: readonly string[],
  architecture: string,
): Promise<void> {
  const checked = units.filter(({ enable, text }) => enable && text !== null);
  if (checked.length === 0) return;
  const scratch = job.scratch();
  const upper = join(scratch, "upper");
  const place = join(scratch, "sandbox");
  mkdirSync(place);
  const shipped = unitFinder(lowers);
  writeTree(upper, layerEntries(entries, units, shipped));
  const output: Buffer[] = [];
  await runInSandbox({
    lowers,
    upper,
    scratch: place,
    emulation: await emulationFor(architecture, job.helper("emulator")),
    signal: job.signal,
    // What the guest starts up to pulls in all that starts with it: some cycles show there only.
    job: { run: checkScript([...checked.map(({ name }) => instantiated(name)), "default.target"]) },
    onOutput: (chunk) => output.push(chunk),
  });
  const found = refusals(Buffer.concat(output).toString(), checked as readonly CheckedUnit[]);
  if (found.length > 0) throw refused(found.map(refusalText));
}

/** Settings may hold anything, and so may what a guest's program prints. */
function refused(faults: readonly string[]): MicrovmError {
  return new MicrovmError("config-invalid", faults.map((fault) => printable(fault)).join("\n"));
}

/** Prints what systemd says; that it says anything at all is no failure of the script. */
function checkScript(names: readonly string[]): string {
  const command = ["systemd-analyze", "verify", "--man=no", "--generators=no", "--", ...names];
  return `#!/bin/sh
export SYSTEMD_LOG_LEVEL=warning SYSTEMD_COLORS=0 LC_ALL=C.UTF-8
${quoteCommand(command)} 2>&1 || :
`;
}

/** A template can be checked as one of its instances. */
function instantiated(name: string): string {
  return templateOf(name) === undefined ? name.replace(/@\./, "@instance.") : name;
}
