/** What a runner in the store says of itself. */
import { basename, dirname, join } from "node:path";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { readFileSync, realpathSync } from "../os/files.ts";
import { runnerNames } from "../paths.ts";
import type { RunnerFacts } from "./compare-runners.ts";

/** A runner with the places of its layers. */
export interface StoredRunner extends RunnerFacts {
  /** Of its store path. */
  readonly name: string;
  /** Absolute, topmost first. */
  readonly layerPaths: readonly string[];
}

/** Reads a runner; the path may be a link to it. */
export function readRunner(path: string): StoredRunner {
  const runner = realpathSync(path);
  const read = (file: string) => readFileSync(join(runner, file), "utf8");
  const { machine } = JSON.parse(read(runnerNames.machine)) as { readonly machine: MachineSpec };
  const { layers } = JSON.parse(read(join(runnerNames.system, "system.json"))) as {
    readonly layers: readonly string[];
  };
  return {
    name: basename(runner),
    machine,
    layers,
    script: read(runnerNames.run),
    layerPaths: layers.map((layer) => join(dirname(runner), layer)),
  };
}
