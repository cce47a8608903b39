/** Layers of packages: unpacked by the program, configured by their own scripts in the sandbox. */
import { dirname } from "node:path";
import { MicrovmError } from "../errors.ts";
import { mkdirSync } from "../os/files.ts";
import { quoteCommand, quoteWord } from "../os/processes.ts";
import { type UnpackedPackage, unpackPackages } from "../packages/debian/unpack.ts";
import type { HostTools } from "../packages/host-tools.ts";
import { type Builder, type BuildJob, eager, keepingAttributes } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";
import { configuredCounter } from "./dpkg-status.ts";
import { emulationFor } from "./emulation.ts";
import { normaliseLayer } from "./normalise.ts";
import { runInSandbox } from "./sandbox.ts";
import { CONFIGURE_SCRIPT } from "./sandbox-script.ts";
import { takeSetuid } from "./setuid.ts";
import { reportUnpacking, unpackingHelpers, unpackingProgram } from "./unpacking.ts";

/** What a layer of packages is made with. */
interface LayerParams {
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  /** Seconds since 1970: what scripts are told is the date. */
  readonly sourceDate: number;
  /** Files that scripts are to find, by absolute path. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Absolute paths of all files that may be set-user-id or set-group-id. Default: those that packages want. */
  readonly setuidFiles?: readonly string[];
}

/** Documentation and translations, which a small guest does without. Licences stay. */
export const DOCUMENTATION = {
  exclude: [
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/lintian/*",
    "/usr/share/man/*",
  ],
  include: ["/usr/share/doc/*/copyright", "/usr/share/locale/locale.alias"],
} as const;

/**
 * The recipe of a layer with these packages, in the order in which their scripts run, on top of other layers
 * (nearest first).
 */
export function debianLayerRecipe(
  name: string,
  debs: readonly Recipe[],
  lowers: readonly Recipe[],
  params: LayerParams,
  tools: HostTools,
): Recipe {
  return {
    kind: "debian-layer",
    version: 1,
    name,
    params: {
      exclude: [...params.exclude],
      include: [...params.include],
      sourceDate: params.sourceDate,
      ...(params.settings && { settings: { ...params.settings } }),
      ...(params.setuidFiles && { setuidFiles: [...params.setuidFiles] }),
    },
    inputs: { debs, lowers },
    helpers: { ...unpackingHelpers(tools).helpers, ...(tools.emulator && { emulator: tools.emulator }) },
    exactModes: true,
  };
}

/** How much of a layer's build is unpacking; the rest is configuring. On two cores it is 3 seconds of 7. */
const UNPACKING_SHARE = 0.4;

/** Builds `debian-layer`. */
export const buildDebianLayer: Builder = keepingAttributes(
  eager(async (job) => {
    const params = job.params as unknown as LayerParams;
    const debs = job.inputs("debs");
    mkdirSync(job.out, { mode: 0o755 });
    const unpacked = await unpackPackages({
      debs,
      root: job.out,
      lowers: job.inputs("lowers"),
      exclude: { exclude: params.exclude, include: params.include },
      mode: "system",
      arrival: job.arrival,
      ...(await unpackingProgram(job)),
      onProgress: reportUnpacking(job, debs.length, UNPACKING_SHARE),
    });
    await configure(job, params, unpacked);
    job.report({ note: "normalising", share: 1 });
    normaliseLayer(job.out);
    if (params.setuidFiles) {
      for (const path of takeSetuid(job.out, params.setuidFiles)) {
        job.log(Buffer.from(`${path} is not in security.setuidFiles: it runs with nobody else's rights\n`));
      }
    }
  }),
);

/** Lets the packages' own scripts finish what unpacking began. */
async function configure(
  job: BuildJob,
  { sourceDate, settings = {} }: LayerParams,
  unpacked: readonly UnpackedPackage[],
): Promise<void> {
  const names = unpacked.map(({ name }) => name);
  const total = unpacked.length;
  const countConfigured = configuredCounter(names);
  const report = (done: number) => {
    const share = UNPACKING_SHARE + ((1 - UNPACKING_SHARE) * done) / total;
    job.report({ note: "configuring", done, total, unit: "packages", share });
  };
  report(0);
  await runInSandbox({
    lowers: job.inputs("lowers"),
    upper: job.out,
    scratch: job.scratch(),
    emulation: await emulationFor(architectureOf(unpacked), job.helper("emulator")),
    signal: job.signal,
    job: {
      run: CONFIGURE_SCRIPT,
      preinst: unpacked
        .filter((unit) => unit.hasPreinst)
        .sort((a, b) => Number(b.name === "base-passwd") - Number(a.name === "base-passwd"))
        .map((unit) => `${unit.name} ${unit.version} ${unit.architecture} ${infoName(unit)}.preinst\n`)
        .join(""),
      first: `${FIRST.filter((name) => names.includes(name)).join(" ")}\n`,
      "host-keys": names.includes("openssh-server") ? HOST_KEYS : "",
      "source-date": `${sourceDate}\n`,
      settings: settingsScript(settings),
    },
    onOutput: job.log,
    onStatus: (chunk) => report(countConfigured(chunk)),
  });
}

/** Writes the files in the sandbox, where a link of a package leads nowhere else. */
function settingsScript(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(
      ([path, text]) =>
        `${quoteCommand(["mkdir", "-p", dirname(path)])}\n${quoteCommand(["printf", "%s", text])} >${quoteWord(path)}\n`,
    )
    .join("");
}

/** Of the guest; a layer may hold packages that fit every one. */
function architectureOf(unpacked: readonly UnpackedPackage[]): string {
  return unpacked.find(({ architecture }) => architecture !== "all")?.architecture ?? "all";
}

/** Begins the names of a package's files in dpkg's database. */
function infoName({ name, architecture, multiArch }: UnpackedPackage): string {
  return multiArch === "same" ? `${name}:${architecture}` : name;
}

/**
 * Configured before all others, whatever they depend on: accounts, the files that scripts take for granted,
 * and an awk, which base-files and others call without a dependency that orders it.
 */
const FIRST = ["base-passwd", "base-files", "mawk", "gawk", "original-awk"];

/** Where openssh-server looks for host keys. Those that it would make are one guest's own and never kept. */
const HOST_KEYS = ["rsa", "ecdsa", "ed25519"].map((type) => `/etc/ssh/ssh_host_${type}_key\n`).join("");

/**
 * The recipe of a tree of programs for the host: unpacked, not configured, run through their own loader. `only`: absolute
 * paths of all that is wanted.
 */
export function debianToolsRecipe(
  name: string,
  debs: readonly Recipe[],
  tools: Pick<HostTools, "build">,
  only?: readonly string[],
): Recipe {
  return {
    kind: "debian-tools",
    version: 1,
    name,
    params: only ? { only: [...only] } : {},
    inputs: { debs },
    ...unpackingHelpers(tools),
    exactModes: true,
  };
}

const UNNEEDED_IN_TOOLS = [...DOCUMENTATION.exclude, "/etc/*", "/usr/share/bug/*"];

/** Builds `debian-tools`. */
export const buildDebianTools: Builder = eager(async (job) => {
  mkdirSync(job.out, { mode: 0o755 });
  const debs = job.inputs("debs");
  const { only } = job.params as { only?: string[] };
  if (debs.length === 0) throw new MicrovmError("build-failed", `"${job.recipe.name}" has no packages`);
  await unpackPackages({
    debs,
    root: job.out,
    exclude: only ? { exclude: ["/*"], include: only } : { exclude: UNNEEDED_IN_TOOLS },
    mode: "tools",
    arrival: job.arrival,
    ...(await unpackingProgram(job)),
    onProgress: reportUnpacking(job, debs.length),
  });
});
