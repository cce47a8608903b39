/** Checks generated files by the programs that will read them, run on the guest's own layers. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { mkdirSync, writeFileSync } from "../os/files.ts";
import { printable } from "../os/printable.ts";
import type { HostTools } from "../packages/host-tools.ts";
import type { Builder, BuildJob } from "../store/builder.ts";
import { type FileEntry, writeTree } from "../store/files.ts";
import type { Recipe } from "../store/recipe.ts";
import { emulationFor } from "./emulation.ts";
import { findInLayer } from "./layer-paths.ts";
import { runInSandbox } from "./sandbox.ts";

/** A check of generated files. Plain data. */
export interface ConfigCheck {
  /** Made of letters, digits and `_ . -`. */
  readonly name: string;
  /** Option that the files follow from, and the modules that define it. */
  readonly option: string;
  readonly definedIn: readonly string[];
  /** Absolute path of the checker. Without it nothing is checked. */
  readonly program: string;
  /** Shell commands that fail when the files are wrong, and print why. */
  readonly script: string;
  /** The files. */
  readonly entries: readonly FileEntry[];
}

/** The recipe of a check on layers of packages for an architecture, nearest first: made again when any of these changes. */
export function configCheckRecipe(
  { name, option, definedIn, program, script, entries }: ConfigCheck,
  architecture: string,
  lowers: readonly Recipe[],
  tools: HostTools,
): Recipe {
  return {
    kind: "config-check",
    version: 1,
    name: `check-${name}`,
    params: {
      option,
      definedIn: [...definedIn],
      program,
      script,
      architecture,
      entries: entries.map((entry) => ({ ...entry })),
    },
    inputs: { lowers },
    helpers: tools.emulator ? { emulator: tools.emulator } : {},
  };
}

type CheckParams = Omit<ConfigCheck, "name"> & { readonly architecture: string };

/** Builds `config-check`: a file that names the checker. Files that it refuses are an error (`config-invalid`). */
export const buildConfigCheck: Builder = async (job) => {
  const params = job.params as unknown as CheckParams;
  const lowers = job.inputs("lowers");
  const program = params.program.replace(/^\/+/, "");
  const isThere = lowers.some((layer) => findInLayer(layer, program) !== undefined);
  if (isThere) await check(job, params, lowers);
  else job.log(Buffer.from(`The guest's packages have no "${params.program}": nothing is checked\n`));
  writeFileSync(job.out, `${isThere ? params.program : "unchecked"}\n`);
};

async function check(job: BuildJob, params: CheckParams, lowers: readonly string[]): Promise<void> {
  const scratch = job.scratch();
  const upper = join(scratch, "upper");
  const place = join(scratch, "sandbox");
  mkdirSync(place);
  writeTree(upper, params.entries);
  let status = "";
  await runInSandbox({
    lowers,
    upper,
    scratch: place,
    emulation: await emulationFor(params.architecture, job.helper("emulator")),
    signal: job.signal,
    job: { run: RUN_SCRIPT, check: params.script },
    onOutput: job.log,
    onStatus: (chunk) => {
      status += chunk;
    },
  });
  if (status.trim() !== "0") throw refused(params);
}

/** Says how the check ended on file descriptor 3, so that the sandbox's own faults are told from those of files. */
const RUN_SCRIPT = `#!/bin/sh
export HOME=/tmp LC_ALL=C.UTF-8 NO_COLOR=1
cd /
umask 022
status=0
sh -e /tmp/job/check </dev/null 2>&1 3>&- || status=$?
echo "$status" >&3
`;

/** What the checker said is the end of the build's log, which the error is shown with. */
function refused({ option, definedIn, program }: CheckParams): MicrovmError {
  const files = definedIn.map((file) => `"${file}"`).join(", ");
  return new MicrovmError(
    "config-invalid",
    printable(`"${option}"${files && ` in ${files}`} makes a configuration that "${program}" refuses`),
  );
}
