/** `boot`: the guest's kernel. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Name of a kernel module. It becomes a line of a file, and part of a path. */
const moduleName = types.strMatching(/^[A-Za-z0-9_-]+$/);

/** Lines for the initrd, and when it runs them. */
const commands = (when: string) =>
  mkOption({
    type: types.lines,
    default: "",
    description: `Shell commands that the initrd runs ${when}. It has the programs of busybox. The guest does not start when one fails.`,
    example: "echo hello >/dev/kmsg\n",
  });

/** Options of the guest's kernel. */
export const bootOptions = {
  boot: {
    kernelParams: mkOption({
      type: types.listOf(types.strMatching(/^\S+$/)),
      default: [],
      description: "Words for the kernel's command line.",
      example: ["quiet"],
    }),
    kernelPackage: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description: "Package with the kernel. Null takes the package set's kernel for virtual machines.",
      example: "linux-image-amd64",
    }),
    kernelModules: mkOption({
      type: types.listOf(moduleName),
      default: [],
      description: "Kernel modules that the guest loads when it starts.",
      example: ["br_netfilter"],
    }),
    blacklistedKernelModules: mkOption({
      type: types.listOf(moduleName),
      default: [],
      description:
        "Kernel modules that are not loaded for a device, modprobe.d(5). By name they still can be.",
      example: ["virtio_balloon"],
    }),
    extraModprobeConfig: mkOption({
      type: types.lines,
      default: "",
      description: "Lines of modprobe.d(5), such as parameters of modules that the guest loads.",
      example: "options nbd nbds_max=4\n",
    }),
    initrd: {
      kernelModules: mkOption({
        type: types.listOf(moduleName),
        default: [],
        description:
          "Kernel modules that the initrd loads before it mounts anything. Those of the types of `fileSystems` are among them already.",
        example: ["btrfs"],
      }),
      availableKernelModules: mkOption({
        type: types.listOf(moduleName),
        default: [],
        description:
          "The same as `boot.initrd.kernelModules`: nothing in this initrd finds out by itself which modules a machine has use for.",
        example: ["virtio_scsi"],
      }),
      preDeviceCommands: commands("before it loads modules; `/proc`, `/sys` and `/dev` are there"),
      postDeviceCommands: commands("after it has loaded modules, before it mounts anything"),
      postMountCommands: commands(
        "when the guest's root is complete, with its volumes, in the directory `$targetRoot`",
      ),
    },
    kernel: {
      sysctl: mkOption({
        type: types.attrsOf(types.oneOf([types.bool, types.int, types.str])),
        default: {},
        description: "Kernel settings by name, sysctl(8).",
        example: { "vm.swappiness": 10 },
      }),
    },
  },
} as const;

/** Declares them. */
export const boot = withFile("src/options/guest/boot.ts", { options: bootOptions });
