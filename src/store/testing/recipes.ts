/** Small recipes and builders for the store's tests. */
import { createHash } from "node:crypto";
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Builders, BuildJob } from "../builder.ts";
import type { Recipe } from "../recipe.ts";

/** A recipe of kind `text` unless told otherwise. */
export function recipe(name: string, fields: Partial<Recipe> = {}): Recipe {
  return { kind: "text", version: 1, name, params: { text: name }, inputs: {}, ...fields };
}

/** A fixed file of kind `fetch`, which the builder makes from `params.text`. */
export function fixedFile(name: string, text: string, claimed = text): Recipe {
  const sha256 = createHash("sha256").update(claimed).digest("hex");
  return recipe(name, {
    kind: "fetch",
    params: { text, url: `https://example.org/${name}` },
    fixed: { sha256 },
  });
}

interface Params {
  readonly text?: string;
  readonly log?: string;
  readonly bytes?: number;
}

const params = (job: BuildJob) => job.params as Params;

/** Builders by kind; each appends its recipe's name to the file `params.log`, if there is one. */
export const builders: Builders = Object.fromEntries(
  Object.entries<(job: BuildJob) => void | Promise<void>>({
    text: (job) => writeFileSync(job.out, params(job).text ?? ""),
    fetch: (job) => writeFileSync(job.out, params(job).text ?? ""),
    slow: async (job) => {
      await setTimeout(300);
      writeFileSync(job.out, "slow");
    },
    tree: (job) => {
      mkdirSync(join(job.out, "bin"), { recursive: true });
      writeFileSync(join(job.out, "bin/hello"), "#!/bin/sh\n", { mode: 0o755 });
      mkdirSync(join(job.out, "sealed/inner"), { recursive: true });
      writeFileSync(join(job.out, "sealed/inner/file"), "x", { mode: 0o640 });
    },
    fill: (job) => writeFileSync(job.out, Buffer.alloc(params(job).bytes ?? 0)),
    broken: (job) => {
      mkdirSync(join(job.out, "half"), { recursive: true });
      writeFileSync(join(job.scratch(), "work"), "");
      throw new Error("the tap ran dry");
    },
    sealed: (job) => {
      mkdirSync(job.out);
      writeFileSync(join(job.out, "file"), "");
      chmodSync(job.out, 0o555);
      throw new Error("sealed it");
    },
    hang: async (job) => {
      writeFileSync(job.out, "half");
      process.stdout.write("building\n");
      await new Promise(() => globalThis.setInterval(() => {}, 1000));
    },
  }).map(([kind, build]) => [
    kind,
    async (job: BuildJob) => {
      const { log } = params(job);
      if (log) appendFileSync(log, `${job.recipe.name}\n`);
      await build(job);
    },
  ]),
);
