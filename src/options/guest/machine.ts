/** `microvm.*` of a guest: the machine itself. */
import { HYPERVISORS } from "../../hypervisors/capabilities.ts";
import { mkOption, types, withFile } from "../../module-system/index.ts";
import { packageSet } from "../package-set.ts";

/** Options of the machine. */
export const machineOptions = {
  microvm: {
    guest: {
      enable: mkOption({
        type: types.bool,
        default: true,
        description: "Whether this system is made to be a microVM's guest.",
      }),
    },
    optimize: {
      enable: mkOption({
        type: types.bool,
        default: true,
        description:
          "Whether the guest is kept small and quick: no documentation files, and no units that a microVM has no use for.",
      }),
    },
    hypervisor: mkOption({
      type: types.enum(HYPERVISORS),
      default: "qemu",
      description: "Which hypervisor runs the VM.",
    }),
    cpu: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description:
        "CPU model to emulate. Null takes the host's with hardware virtualisation, else the one with the most features.",
      example: "Skylake-Server",
    }),
    vcpu: mkOption({ type: types.ints.positive, default: 1, description: "Number of virtual CPUs." }),
    mem: mkOption({
      type: types.ints.positive,
      default: 512,
      description: "Memory in MiB. A guest needs at least 32 MiB.",
    }),
    machineId: mkOption({
      type: types.nullOr(types.strMatching(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)),
      default: null,
      description: "UUID of the machine, also its `/etc/machine-id`. Null derives it from the host name.",
      example: "6d1c4e0f-7d52-4c2f-9d4e-5c8f0a9b1c2d",
    }),
    preStart: mkOption({
      type: types.lines,
      default: "",
      description: "Shell commands that the runner runs before the hypervisor, in the VM's directory.",
      example: "echo starting\n",
    }),
    extraArgsScript: mkOption({
      type: types.nullOr(types.path),
      default: null,
      description:
        "Program on the host whose one line of output is added to the hypervisor's arguments. Null adds none.",
      example: "/usr/local/bin/more-arguments",
    }),
    socket: mkOption({
      type: types.nullOr(types.strMatching(/^(?!\.{1,2}$)[^/\n]+$/)),
      default: null,
      description: "Control socket of the hypervisor, in the VM's directory. Null makes it `NAME.sock`.",
      example: "control.sock",
    }),
    user: mkOption({
      type: types.nullOr(types.strMatching(/^[a-z_][a-z0-9_-]*\$?$/)),
      default: null,
      description:
        "User of this machine that the hypervisor runs as when root starts the VM. Everything that `microvm-run` does is done by that user: `preStart`, making volumes, reading credentials. That user sees the store as a host's VMs do, by its group. A host's VMs run as a user of their own anyway. Null changes nothing.",
      example: "alice",
    }),
    registerClosure: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether the guest's package manager knows the packages of its layers. Without it dpkg's database is empty, and apt would install everything anew.",
    }),
    systemSymlink: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether the runner has a link to its system, `share/microvm/system`. Nothing here needs it.",
    }),
    kernel: mkOption({
      type: types.nullOr(types.nonEmptyStr),
      default: null,
      description:
        "The guest's kernel: a package of its set, which is the same as `boot.kernelPackage`; or, with a slash in it, a file of the project with an image that the hypervisor can start, relative to the project's directory. Such a kernel comes without modules: what the guest needs must be built in. Null takes the package set's kernel for virtual machines.",
      example: "./bzImage",
    }),
    initrdPath: mkOption({
      type: types.nullOr(types.nonEmptyStr),
      default: null,
      description:
        "File of the project with the initrd, relative to its directory. It is told by the kernel's command line what to mount, as the program's own is (see guest.md). Null makes one.",
      example: "./initrd.img",
    }),
    kernelParams: mkOption({
      type: types.listOf(types.strMatching(/^\S+$/)),
      default: [],
      description: "Words for the kernel's command line after those of `boot.kernelParams`.",
      example: ["panic=1"],
    }),
    storeOnDisk: mkOption({
      type: types.nullOr(types.bool),
      default: null,
      description:
        "Whether the layers reach the guest as read-only disks. Null means: when no share has the store as its source.",
    }),
    storeDiskType: mkOption({
      type: types.enum(["erofs", "squashfs"]),
      default: "erofs",
      description:
        "File system of the layers' disks. squashfs is smaller, and takes longer to build and to read.",
    }),
    storeDiskErofsFlags: mkOption({
      type: types.listOf(types.str),
      default: [],
      description:
        "Arguments for mkfs.erofs. Without any, disks are uncompressed, which is the quickest to build and to read.",
      example: ["-zlz4hc"],
    }),
    storeDiskSquashfsFlags: mkOption({
      type: types.listOf(types.str),
      default: ["-comp", "zstd", "-Xcompression-level", "3"],
      description: "Arguments for mksquashfs.",
      example: ["-comp", "xz"],
    }),
    writableStoreOverlay: mkOption({
      type: types.nullOr(types.either(types.bool, types.path)),
      default: null,
      description:
        "Whether the guest can change its whole system, packages included. True keeps changes in memory; a directory on a volume keeps them there, from start to start. Otherwise only /etc, /var, /root, /home, /srv and /opt can be written. Null is the same as false.",
      example: "/rw/system",
    }),
    vmHostPackages: mkOption({
      type: types.nullOr(types.either(types.enum(["host"]), packageSet)),
      default: null,
      description:
        'Where hypervisor and tools come from: a package set, or "host" for the programs on `PATH`. Null is the newest stable Debian for the host\'s architecture.',
      example: "host",
    }),
    prettyProcnames: mkOption({
      type: types.bool,
      default: true,
      description: "Whether the hypervisor's process is named after the VM, `microvm@NAME`.",
    }),
    binScripts: mkOption({
      type: types.attrsOf(types.lines),
      default: {},
      description: "More scripts for the runner's `bin` directory, by name.",
      example: { "tap-up": "ip link set dev vm-web up\n" },
    }),
  },
} as const;

/** Declares them. */
export const machine = withFile("src/options/guest/machine.ts", { options: machineOptions });
