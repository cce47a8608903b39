/** Building again after a change: a changed option, and one more package. */
import { type Benchmark, figure } from "./benchmark.ts";
import { changeExample, copyExample, microvm } from "./example.ts";

/** Small packages with few dependencies, one for each run. */
const PACKAGES = ["tree", "bc", "lsof", "time", "pv", "hello", "zip", "unzip", "dos2unix", "figlet"];

/** Whole commands, on a project that was built before. */
export const rebuild: Benchmark = {
  name: "rebuild",
  runs: 5,
  async measure({ runs, workspace, say }) {
    const example = copyExample(workspace, "rebuild");
    await microvm(workspace, example, "build");
    const option: number[] = [];
    const added: number[] = [];
    for (let run = 1; run <= runs; run++) {
      changeExample(example, /domain: "[^"]*"/, `domain: "run-${run}.example.org"`);
      option.push((await microvm(workspace, example, "build")).seconds);
      say(`rebuild ${run}/${runs}: ${option.at(-1)?.toFixed(2)}`);
    }
    for (const [index, name] of PACKAGES.slice(0, runs).entries()) {
      changeExample(example, /packages: \[/, `packages: ["${name}", `);
      added.push((await microvm(workspace, example, "build")).seconds);
      say(`rebuild-package ${index + 1}/${runs}: ${added.at(-1)?.toFixed(2)}`);
    }
    const note = "no peer: mmdebstrap cannot build again, only anew";
    return [
      figure("rebuild", "build after a changed option", option, [], note),
      figure("rebuild-package", "build after adding a package", added, [], note),
    ];
  },
};
