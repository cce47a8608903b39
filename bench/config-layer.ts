/** The configuration layer of a guest with many units and users, into the store, and the check of its units. */
import { join } from "node:path";
import { type Benchmark, figure } from "./benchmark.ts";
import { build, copyExample } from "./example.ts";

/** In one process, on the packages of a minimal guest that was built before. */
export const configLayer: Benchmark = {
  name: "config-layer",
  runs: 10,
  async measure({ runs, workspace, say }) {
    const example = copyExample(workspace, "config-layer", "minimal");
    await build(workspace, example);
    const program = join(import.meta.dirname, "config-layer-once.ts");
    const { stdout } = await workspace.run([process.execPath, program, example.store, String(runs)]);
    const { evaluate, layer, check } = JSON.parse(stdout) as Record<string, number[]>;
    const note = "no peer: nothing else makes such a layer";
    const guest = "a guest with 50 units and 20 users";
    const figures = [
      figure("config-layer", `the configuration layer of ${guest}, into the store`, layer!, [], note, "ms"),
      figure("config-layer-check", "systemd's check of its units, beside it", check!, [], note, "ms"),
      figure("config-layer-eval", "its evaluation, warm", evaluate!, [], note, "ms"),
    ];
    for (const { name, ours } of figures) say(`${name}: ${ours} ms`);
    return figures;
  },
};
