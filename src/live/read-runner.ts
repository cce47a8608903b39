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
  const { layers } = JSON.parse(readFileSync(join(systemOf(runner), "system.json"), "utf8")) as {
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

/** The path of a runner's system; the runner's own path has no links in it. */
export function systemOf(runner: string): string {
  const { system } = JSON.parse(readFileSync(join(runner, runnerNames.machine), "utf8")) as {
    readonly system?: string;
  };
  // Runners of earlier versions have but the link, which an option may leave out.
  return system === undefined
    ? realpathSync(join(runner, runnerNames.system))
    : join(dirname(runner), system);
}
