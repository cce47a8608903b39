/** The peer's system as a disk image, and a runner for it: our machine with its kernel, its initrd and its disk. */
import { join } from "node:path";
import type { MachineSpec, Word } from "../src/hypervisors/machine.ts";
import { qemu } from "../src/hypervisors/qemu.ts";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  removeTree,
  renameSync,
  writeFileSync,
} from "../src/os/files.ts";
import { quoteCommand } from "../src/os/processes.ts";
import { toolCommand } from "../src/packages/host-tools.ts";
import { runnerNames } from "../src/paths.ts";
import { type Example, toolTrees } from "./example.ts";
import { buildPeer } from "./peer.ts";
import type { Workspace } from "./workspace.ts";

/** Room for the system and what it writes while it runs. */
const IMAGE_SIZE = "2G";

/** Where Debian's QEMU keeps firmware, relative to a tree of its packages. */
const FIRMWARE = ["usr/share/qemu", "usr/share/seabios"];

/** Makes the image, its kernel and its initrd in a directory, and gives the directory. */
export async function makePeerImage(workspace: Workspace, example: Example): Promise<string> {
  const root = join(workspace.directory, "peer-root");
  const directory = join(workspace.directory, "peer");
  mkdirSync(directory);
  await buildPeer(workspace, example, root);
  configure(root);
  const boot = join(root, "boot");
  for (const name of ["vmlinuz", "initrd.img"]) {
    const file = readdirSync(boot).find((candidate) => candidate.startsWith(`${name}-`));
    if (file === undefined) throw new Error(`The peer's system has no ${name}`);
    renameSync(join(boot, file), join(directory, name));
  }
  const image = join(directory, "root.ext4");
  await workspace.run(["mke2fs", "-q", "-t", "ext4", "-d", root, image, IMAGE_SIZE], {
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  await removeTree(root);
  return directory;
}

/** What a person would configure at least: a name. Ours has no network either. */
function configure(root: string): void {
  writeFileSync(join(root, "etc/hostname"), "peer\n");
}

/** How the peer is run. */
interface PeerSettings {
  readonly accelerator: "kvm" | "tcg";
  /** Whether the image keeps what the guest writes. */
  readonly keep: boolean;
}

/** Writes a runner that starts the peer's image on the machine of ours, and gives its directory. */
export function peerRunner(
  ourRunner: string,
  example: Example,
  directory: string,
  { accelerator, keep }: PeerSettings,
): string {
  const text = readFileSync(join(ourRunner, runnerNames.machine), "utf8");
  const { machine: ours } = JSON.parse(text) as { readonly machine: MachineSpec };
  const disk = `file=${join(directory, "root.ext4")},format=raw,if=virtio,snapshot=${keep ? "off" : "on"}`;
  const machine: MachineSpec = {
    ...ours,
    name: "peer",
    kernel: "vmlinuz",
    initrd: "initrd.img",
    // "quiet" is what Debian's boot loader adds. Mounted for writing at once, there is nothing to check or remount.
    kernelParams: ["root=/dev/vda", "rw", "console=ttyS0", "quiet"],
    shares: [],
    disks: [],
    // The plain chipset: what ours leaves out of it is tuning, too.
    qemu: { ...ours.qemu, machineOpts: {}, extraArgs: ["-drive", disk] },
  };
  const settings = qemu.accelerators(machine)[accelerator];
  // Parameters that tune the kernel for an accelerator are ours; a stock image is started without.
  const variables = {
    accelerator: settings.accelerator,
    cpu: settings.cpu,
    accelerator_params: "",
    vhost: "",
  };
  const wordText = (word: Word) =>
    typeof word === "string"
      ? word
      : word
          .map((part) => {
            if (typeof part === "string") return part;
            return "store" in part ? join(directory, part.store) : variables[part.variable];
          })
          .join("");
  const tree = join(example.store, toolTrees(example).get("qemu")!);
  const command = [
    ...toolCommand(tree, machine.architecture, qemu.program(machine)),
    ...FIRMWARE.flatMap((path) => ["-L", join(tree, path)]),
    ...qemu.args(machine).map(wordText),
  ];
  const runner = join(directory, "runner");
  for (const name of ["bin", "share/microvm"]) mkdirSync(join(runner, name), { recursive: true });
  writeFileSync(join(runner, runnerNames.run), `#!/bin/sh\nexec ${quoteCommand(command)}\n`, { mode: 0o755 });
  writeFileSync(join(runner, runnerNames.machine), JSON.stringify({ version: 1, machine }));
  return runner;
}
