/** A layer with the locales that a guest declares, made by the guest's own localedef from its package `locales`. */
import { MicrovmError } from "../errors.ts";
import { mkdirSync } from "../os/files.ts";
import { quoteWord } from "../os/processes.ts";
import type { HostTools } from "../packages/host-tools.ts";
import { type Builder, keepingAttributes } from "../store/builder.ts";
import type { Recipe } from "../store/recipe.ts";
import { emulationFor } from "./emulation.ts";
import { findInLayer } from "./layer-paths.ts";
import { normaliseLayer } from "./normalise.ts";
import { runInSandbox } from "./sandbox.ts";

/** The recipe of locales, such as `de_DE.UTF-8`, on top of the guest's packages (nearest first). */
export function localeLayerRecipe(
  locales: readonly string[],
  architecture: string,
  lowers: readonly Recipe[],
  tools: HostTools,
): Recipe {
  return {
    kind: "locale-layer",
    version: 1,
    name: "locales",
    params: { locales: [...locales], architecture },
    inputs: { lowers },
    ...(tools.emulator && { helpers: { emulator: tools.emulator } }),
    exactModes: true,
  };
}

/** Where the package `locales` has what locales are made from. */
const SOURCES = "usr/share/i18n/locales";

/** Builds `locale-layer`. A locale that the guest's package does not have is an error (`config-invalid`). */
export const buildLocaleLayer: Builder = keepingAttributes(async (job) => {
  const { locales, architecture } = job.params as { locales: string[]; architecture: string };
  const lowers = job.inputs("lowers");
  for (const name of locales) {
    const source = `${SOURCES}/${sourceOf(name)}`;
    if (lowers.some((layer) => findInLayer(layer, source))) continue;
    throw new MicrovmError(
      "config-invalid",
      `"i18n" has the locale "${name}", which the guest's package "locales" does not have`,
      { hint: `Choose one of "/${SOURCES}" in "i18n.defaultLocale" and the options beside it` },
    );
  }
  mkdirSync(job.out, { mode: 0o755 });
  await runInSandbox({
    lowers,
    upper: job.out,
    scratch: job.scratch(),
    emulation: await emulationFor(architecture, job.helper("emulator")),
    signal: job.signal,
    job: { run: localeScript(locales) },
    onOutput: job.log,
  });
  normaliseLayer(job.out);
});

/** `sr_RS.UTF-8@latin` is made from `sr_RS@latin`. */
function sourceOf(name: string): string {
  return name.replace(".UTF-8", "");
}

/** One directory for each locale: an archive of all of them would differ with what was in it before. */
function localeScript(locales: readonly string[]): string {
  const commands = locales.map(
    (name) =>
      `localedef --no-archive -i ${quoteWord(sourceOf(name))} -f UTF-8 ${quoteWord(`/usr/lib/locale/${name}`)}\n`,
  );
  return `#!/bin/sh
set -eu
umask 022
export LC_ALL=C
mkdir -p /usr/lib/locale
${commands.join("")}`;
}
