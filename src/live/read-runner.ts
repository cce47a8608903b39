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
  const { machine, system } = readMachine(runner);
  const { layers } = JSON.parse(readFileSync(join(system, "system.json"), "utf8")) as {
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
  return readMachine(runner).system;
}

/** The machine of a runner, and the path of its system. */
function readMachine(runner: string): { readonly machine: MachineSpec; readonly system: string } {
  const { machine, system } = JSON.parse(readFileSync(join(runner, runnerNames.machine), "utf8")) as {
    readonly machine: MachineSpec;
    readonly system?: string;
  };
  // Runners of earlier versions have but the link, which an option may leave out.
  const link = join(runner, runnerNames.system);
  return { machine, system: system === undefined ? realpathSync(link) : join(dirname(runner), system) };
}
