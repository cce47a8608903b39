/** A switch that finds nothing to do: the whole command, on a machine whose generation is in force. */
import { join } from "node:path";
import { mkdirSync, writeFileSync } from "../src/os/files.ts";
import { PROJECT_FILE } from "../src/paths.ts";
import { type Benchmark, figure } from "./benchmark.ts";
import { programCommand } from "./program.ts";
import type { Workspace } from "./workspace.ts";

const COUNTS = [1, 1000];

/** The first switch builds all VMs and puts them in force; what is measured comes after it. */
export const switching: Benchmark = {
  name: "switch",
  runs: 5,
  async measure({ runs, workspace, say }) {
    const figures = [];
    for (const count of COUNTS) {
      const run = await hostOf(workspace, count);
      const first = await run(["--yes"]);
      say(`first switch of ${count}: ${first.seconds.toFixed(2)}`);
      const again = await run([]);
      if (!again.stdout.endsWith("nothing to do\n")) throw new Error(`Not in force:\n${again.stdout}`);
      const times = [];
      for (let at = 0; at < runs; at++) times.push((await run([])).seconds);
      const memory = (await run([], true)).mebibytes!;
      say(
        `switch of ${count}: ${times.map((seconds) => seconds.toFixed(2)).join(", ")}; ${memory.toFixed()} MiB`,
      );
      const what = `switch of a host of ${count} VMs with nothing to do`;
      const note = "no peer; systemd's answers come from a file";
      figures.push(
        figure(`switch-${count}`, what, times, [], note),
        figure(`switch-${count}-memory`, "its memory, all processes", [memory], [], note, "MiB"),
      );
    }
    return figures;
  },
};

/** Makes a host's project, and what runs `switch` there; the store is that of all of the benchmark's hosts. */
async function hostOf(workspace: Workspace, count: number) {
  const directory = join(workspace.directory, `host-${count}`);
  // A directory of its own, as it is looked through for changes.
  const project = join(directory, "project");
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, PROJECT_FILE), projectOf(count));
  writeFileSync(join(directory, "states"), statesOf(count));
  const machine = join(import.meta.dirname, "switch-machine.sh");
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user", "--map-auto"];
  const command = ["unshare", ...asRoot, "--mount", "sh", machine, directory];
  const program = [...command, ...(await programCommand(workspace)), "switch", `${project}#default`];
  const env = {
    MICROVM_STORE: join(workspace.directory, "store"),
    MICROVM_STATE_DIR: join(directory, "state"),
    // As for an installed program, what is compiled is kept.
    NODE_COMPILE_CACHE: join(workspace.directory, "compiled"),
  };
  return (options: readonly string[], memory = false) =>
    workspace.run([...program, ...options], { env, memory });
}

function projectOf(count: number): string {
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

/** As `systemctl show` tells that all of them run. */
function statesOf(count: number): string {
  const states = Array.from(
    { length: count },
    (_, index) => `Id=microvm@vm-${index}.service\nActiveState=active\nSubState=running\n`,
  );
  return `${states.join("\n")}\n`;
}
