/** `microvm.HYPERVISOR`: what each hypervisor but QEMU can be told by itself. None of it has an effect on another one. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** `microvm.NAME.package`. */
const program = (name: string) =>
  mkOption({
    type: types.nullOr(types.nonEmptyStr),
    default: null,
    description: `Package of \`microvm.vmHostPackages\` with ${name}. Null takes the usual one.`,
    example: "my-hypervisor",
  });

const extraArgs = (name: string, example: readonly string[]) =>
  mkOption({
    type: types.listOf(types.str),
    default: [],
    description: `More arguments for ${name}.`,
    example,
  });

/** Options of the hypervisors that are not QEMU. */
export const otherHypervisorsOptions = {
  microvm: {
    alioth: { package: program("alioth") },
    "cloud-hypervisor": {
      platformOEMStrings: mkOption({
        type: types.listOf(types.str),
        default: [],
        description: "Texts that the guest finds among its firmware's: `oem_strings` of `--platform`.",
        example: ["io.systemd.credential:greeting=hello"],
      }),
      extraArgs: extraArgs("cloud-hypervisor", ["--watchdog"]),
      package: program("cloud-hypervisor"),
    },
    crosvm: {
      extraArgs: extraArgs("crosvm", ["--no-balloon"]),
      pivotRoot: mkOption({
        type: types.nullOr(types.path),
        default: null,
        description:
          "Empty directory of the host that the parts of crosvm are shut into. Null is crosvm's own.",
        example: "/var/empty",
      }),
      package: program("crosvm"),
    },
    firecracker: {
      cpu: mkOption({
        type: types.nullOr(types.attrsOf(types.anything)),
        default: null,
        description: "CPU template, as firecracker's `cpu-config` has it. Null is the host's processor.",
        example: { kvm_capabilities: ["!56"] },
      }),
      driveIoEngine: mkOption({
        type: types.enum(["Async", "Sync"]),
        default: "Async",
        description: "How firecracker reads and writes the files of disks: by io_uring, or one by one.",
        example: "Sync",
      }),
      extraArgs: extraArgs("firecracker", ["--no-seccomp"]),
      extraConfig: mkOption({
        type: types.attrsOf(types.anything),
        default: {},
        description: "Merged into firecracker's configuration file.",
        example: { entropy: {} },
      }),
      package: program("firecracker"),
    },
    kvmtool: { package: program("kvmtool") },
    stratovirt: { package: program("stratovirt") },
    vfkit: {
      extraArgs: extraArgs("vfkit", ["--restful-uri", "none://"]),
      logLevel: mkOption({
        type: types.nullOr(types.enum(["debug", "info", "error"])),
        default: "info",
        description: "How much vfkit tells. Null leaves it to vfkit.",
        example: "debug",
      }),
      package: program("vfkit"),
      rosetta: {
        enable: mkOption({
          type: types.bool,
          default: false,
          description: "Whether programs for amd64 run in an arm64 guest by macOS's translator.",
        }),
        install: mkOption({
          type: types.bool,
          default: false,
          description: "Whether the translator is installed when it is missing.",
        }),
        ignoreIfMissing: mkOption({
          type: types.bool,
          default: false,
          description: "Whether the guest starts without the translator when it is missing.",
        }),
      },
    },
  },
} as const;

/** Declares them. */
export const otherHypervisors = withFile("src/options/guest/other-hypervisors.ts", {
  options: otherHypervisorsOptions,
});
