/** Evaluating VMs: one and many, in a warm process and by the whole command. */
import { delimiter, join } from "node:path";
import { existsSync } from "../src/os/files.ts";
import { type Benchmark, type Figure, figure, type Setting } from "./benchmark.ts";
import { copyExample, microvm } from "./example.ts";
import { writeFleet } from "./fleet.ts";
import { programCommand } from "./program.ts";

const TOP = join(import.meta.dirname, "..");

/** VMs of the projects that are evaluated in a warm process. */
const IN_PROCESS = [1, 10, 100, 1000, 10_000] as const;

/** VMs of the projects that the whole command evaluates. */
const WHOLE_COMMAND = [100, 1000, 10_000] as const;

/** Has every command evaluate, whether something changed or not. */
const NOT_KEPT = { MICROVM_EVAL_CACHE: "0" };

/** Every VM has ten definitions and the full set of a guest's options. No store is needed. */
export const evaluate: Benchmark = {
  name: "eval",
  runs: 10,
  async measure(setting) {
    const figures = await evaluateExample(setting);
    for (const count of IN_PROCESS) figures.push(...(await evaluateInProcess(setting, count)));
    for (const count of WHOLE_COMMAND) figures.push(...(await evaluateByCommand(setting, count)));
    return figures;
  },
};

async function evaluateExample({ runs, workspace, say }: Setting): Promise<Figure[]> {
  const example = copyExample(workspace, "eval");
  const series = async (env: Readonly<Record<string, string>>) => {
    await microvm(workspace, example, ["eval", "--json"], { env });
    const times: number[] = [];
    for (let run = 1; run <= runs; run++) {
      times.push((await microvm(workspace, example, ["eval", "--json"], { env })).seconds);
    }
    say(`eval: ${times.map((seconds) => seconds.toFixed(3)).join(" ")}`);
    return times;
  };
  const what = "microvm eval --json of the example's VM";
  return [
    figure("eval", what, await series(NOT_KEPT), [], noPeer()),
    figure("eval-again", `${what}, when nothing changed`, await series({}), [], noPeer()),
  ];
}

/** In a process of its own for each size, so that each has its own memory. */
async function evaluateInProcess({ runs, workspace, say }: Setting, count: number): Promise<Figure[]> {
  const program = join(TOP, "bench/evaluate-fleet.ts");
  const wanted = count >= 10_000 ? Math.min(runs, 3) : runs;
  const { stdout } = await workspace.run([process.execPath, program, String(count), String(wanted)]);
  const { times, kilobytes } = JSON.parse(stdout) as { times: number[]; kilobytes: number };
  const name = `eval-warm-${count}`;
  const made = figure(name, `${vms(count)} in a warm process`, times, [], noPeer(), "ms");
  say(`${name}: ${made.ours} ms, ${(made.ours / count).toFixed(3)} ms a VM`);
  const mebibytes = [kilobytes / 1024];
  return [made, figure(`${name}-memory`, "largest resident memory of it", mebibytes, [], noPeer(), "MiB")];
}

async function evaluateByCommand({ runs, workspace, say }: Setting, count: number): Promise<Figure[]> {
  const directory = join(workspace.directory, `fleet-${count}`);
  writeFleet(directory, count);
  const command = [...(await programCommand(workspace)), "eval", directory, "--all", "--json"];
  const times: number[] = [];
  const wanted = count >= 10_000 ? Math.min(runs, 3) : runs;
  for (let run = 1; run <= wanted; run++)
    times.push((await workspace.run(command, { env: NOT_KEPT })).seconds);
  const name = `eval-command-${count}`;
  const made = figure(name, `microvm eval --all --json of ${vms(count)}`, times, [], noPeer());
  say(`${name}: ${made.ours} s`);
  const { mebibytes = 0 } = await workspace.run(command, { memory: true, env: NOT_KEPT });
  const what = "largest sum of its processes' resident memory";
  const note = `${noPeer()}; what processes share counts in each`;
  return [made, figure(`${name}-memory`, what, [mebibytes], [], note, "MiB")];
}

function vms(count: number): string {
  return count === 1 ? "1 VM with 10 definitions" : `${count} VMs with 10 definitions each`;
}

/** NixOS's own module system is the peer. It is not run, since its modules need a checkout of nixpkgs. */
function noPeer(): string {
  const isThere = (process.env.PATH ?? "")
    .split(delimiter)
    .some((place) => existsSync(join(place, "nix-instantiate")));
  return isThere
    ? 'no peer: "nix-instantiate" is here, but nothing compares with it yet'
    : 'no peer: "nix-instantiate" is missing';
}
