/** Listing the installed VMs of a host that has many. */
import { join } from "node:path";
import { mkdirSync, symlinkSync, writeFileSync } from "../src/os/files.ts";
import { GENERATIONS_DIRECTORY, generationNames, hostNames, runnerNames, vmNames } from "../src/paths.ts";
import { type Benchmark, figure } from "./benchmark.ts";
import { programCommand } from "./program.ts";

/** How many VMs are installed: all declared, every second one booted, every tenth outdated. */
const VMS = 1000;

/**
 * What the peer does for each VM, with the programs that it starts for it: microvm.nix's own command asks the links and
 * systemd of each VM by itself.
 */
const PEER = `
for directory in "$1"/*; do
  name=$(basename "$directory")
  [ -L "$directory/${vmNames.current}" ] || continue
  system=$(readlink "$directory/${vmNames.current}/${runnerNames.system}")
  wanted=$(readlink "$directory/${vmNames.toplevel}")
  systemctl is-active -q "microvm@$name" 2>/dev/null || :
  booted=$(readlink "$directory/${vmNames.booted}/${runnerNames.system}" || :)
  echo "$name: $system $wanted $booted"
done
`;

/** Whole commands. */
export const list: Benchmark = {
  name: "list",
  runs: 10,
  async measure({ runs, workspace, say }) {
    const [state, store] = [join(workspace.directory, "state"), join(workspace.directory, "store")];
    install(state, store);
    const env = { MICROVM_STATE_DIR: state, MICROVM_STORE: store };
    const command = await programCommand(workspace);
    await workspace.run([...command, "list"], { env });
    const [ours, peer]: [number[], number[]] = [[], []];
    for (let run = 1; run <= runs; run++) {
      ours.push((await workspace.run([...command, "list"], { env })).seconds);
      if (peer.length < 3) peer.push((await workspace.run(["sh", "-c", PEER, "sh", state])).seconds);
      say(`list ${run}/${runs}: ${ours.at(-1)?.toFixed(3)}, peer ${peer.at(-1)?.toFixed(3)}`);
    }
    const note =
      "the peer is a loop that starts what microvm.nix's command starts for each declared VM; microvm.nix itself needs NixOS. Where no systemd runs, neither side asks one";
    return [figure("list", `microvm list of ${VMS} VMs`, ours, peer, note)];
  },
};

/** A host's state directory and what its links lead to, as far as listing looks. */
function install(state: string, store: string): void {
  const runner = (vm: number, version: number) => {
    const path = join(
      store,
      `${"0123456789abcdfghijklmnpqrsvwxyz".slice(0, 24)}${digits(vm)}${version}-microvm-qemu-vm${vm}`,
    );
    mkdirSync(join(path, "bin"), { recursive: true });
    mkdirSync(join(path, "share/microvm"), { recursive: true });
    writeFileSync(join(path, runnerNames.run), "");
    symlinkSync(`../../../system-${vm}-${version}`, join(path, runnerNames.system));
    return path;
  };
  const vms: Record<string, object> = {};
  for (let vm = 0; vm < VMS; vm++) {
    const path = runner(vm, 1);
    const directory = join(state, `vm${vm}`);
    mkdirSync(directory, { recursive: true });
    symlinkSync(path, join(directory, vmNames.current));
    symlinkSync(join(store, `system-${vm}-1`), join(directory, vmNames.toplevel));
    if (vm % 2 === 0) symlinkSync(path, join(directory, vmNames.booted));
    vms[`vm${vm}`] = {
      ...{ kind: "config", runner: (vm % 10 === 0 ? runner(vm, 2) : path).split("/").at(-1), system: null },
      ...{
        autostart: true,
        restartIfChanged: true,
        flake: null,
        updateFlake: null,
        user: null,
        shareSources: [],
      },
    };
  }
  const host = join(store, "host");
  const generations = join(state, GENERATIONS_DIRECTORY);
  for (const directory of [host, generations]) mkdirSync(directory);
  const record = { version: 1, name: "bench", scope: "system", stateDirectory: state, vms, autostart: [] };
  writeFileSync(join(host, hostNames.record), JSON.stringify(record));
  symlinkSync(host, join(generations, "1"));
  symlinkSync("1", join(generations, generationNames.current));
}

function digits(vm: number): string {
  return String(vm).padStart(7, "0");
}
