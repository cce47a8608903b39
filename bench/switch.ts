/** Evaluating a host and comparing it with its machine: what a switch does before it builds, or instead. */
import { join } from "node:path";
import { mkdirSync, writeFileSync } from "../src/os/files.ts";
import { PROJECT_FILE } from "../src/paths.ts";
import { type Benchmark, figure } from "./benchmark.ts";

const COUNTS = [1, 1000];

/** Whole processes, from the sources, with the lock written and nothing built. */
export const switching: Benchmark = {
  name: "switch",
  runs: 5,
  async measure({ runs, workspace, say }) {
    const once = join(import.meta.dirname, "switch-once.ts");
    const figures = [];
    for (const count of COUNTS) {
      const directory = join(workspace.directory, `host-${count}`);
      mkdirSync(directory);
      writeFileSync(join(directory, PROJECT_FILE), hostOf(count));
      // As an installed program does, so that the sources need not be compiled each time.
      const env = { NODE_COMPILE_CACHE: join(workspace.directory, "compiled") };
      const run = (memory: boolean) => workspace.run([process.execPath, once, directory], { env, memory });
      // The first one writes the lock.
      const memory = (await run(true)).mebibytes!;
      const times = [];
      for (let at = 0; at < runs; at++) times.push((await run(false)).seconds);
      say(
        `switch of ${count}: ${times.map((seconds) => seconds.toFixed(2)).join(", ")}; ${memory.toFixed()} MiB`,
      );
      const what = `evaluate a host of ${count} VMs, and compare it with its machine`;
      figures.push(
        figure(`switch-${count}`, what, times, [], "no peer; nothing is built"),
        figure(`switch-${count}-memory`, "its memory, all processes", [memory], [], null, "MiB"),
      );
    }
    return figures;
  },
};

function hostOf(count: number): string {
  return `import { debian, defineProject } from "microvm";
const pkgs = debian({ suite: "trixie", architecture: "amd64" });
const vm = (index, source) => ({
  pkgs,
  config: {
    microvm: { mem: 256 + index, shares: [{ source, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" }] },
    environment: { etc: { motd: { text: \`VM \${index}\\n\` } } },
  },
});
export default defineProject({
  hosts: { default: ({ storeDir }) => ({ microvm: { vms: Object.fromEntries(
    Array.from({ length: ${count} }, (_, index) => [\`vm-\${index}\`, vm(index, storeDir)]),
  ) } }) },
});
`;
}
