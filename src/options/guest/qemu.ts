/** `microvm.qemu`: what is QEMU's own. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of QEMU. */
export const qemuOptions = {
  microvm: {
    qemu: {
      machine: mkOption({
        type: types.nullOr(types.str),
        default: null,
        description:
          "QEMU's machine type. Null takes `q35` on x86-64 and `virt` on arm64, which boot with and without hardware virtualisation.",
        example: "microvm",
      }),
      machineOpts: mkOption({
        type: types.nullOr(types.attrsOf(types.str)),
        default: null,
        description: "Options of the machine type. Null takes the program's own.",
        example: { acpi: "off" },
      }),
      extraArgs: mkOption({
        type: types.listOf(types.str),
        default: [],
        description: "More arguments for QEMU.",
        example: ["-vnc", "127.0.0.1:5"],
      }),
      serialConsole: mkOption({
        type: types.bool,
        default: true,
        description:
          "Whether the guest's console is a serial port on the runner's standard input and output.",
      }),
    },
  },
} as const;

/** Declares them. */
export const qemu = withFile("src/options/guest/qemu.ts", { options: qemuOptions });
