/** Evaluating one VM. */
import { type Benchmark, figure } from "./benchmark.ts";
import { copyExample, microvm } from "./example.ts";

/** The whole command; it needs no store. */
export const evaluate: Benchmark = {
  name: "eval",
  runs: 10,
  async measure({ runs, workspace, say }) {
    const example = copyExample(workspace, "eval");
    await microvm(workspace, example, "eval", "--json");
    const times: number[] = [];
    for (let run = 1; run <= runs; run++) {
      times.push((await microvm(workspace, example, "eval", "--json")).seconds);
      say(`eval ${run}/${runs}: ${times.at(-1)?.toFixed(3)}`);
    }
    return [figure("eval", "microvm eval --json of one VM", times, [], "no peer: it needs Nix")];
  },
};
