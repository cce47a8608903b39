/** `microvm.qemu`: what is QEMU's own. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** `microvm.qemu.pcieRootPorts.*`. */
const rootPort = types.submodule({
  options: {
    id: mkOption({
      type: types.strMatching(/^[A-Za-z][A-Za-z0-9._-]*$/),
      description: "Name of the port, unique in its machine.",
      example: "rp1",
    }),
    bus: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description: "Bus that the port is on. Null leaves the choice to QEMU.",
      example: "pcie.0",
    }),
    chassis: mkOption({
      type: types.nullOr(types.ints.between(0, 255)),
      default: null,
      description: "Number of the chassis. Null gives each port one of its own.",
      example: 1,
    }),
    slot: mkOption({
      type: types.nullOr(types.ints.between(0, 65535)),
      default: null,
      description: "Number of the slot in the chassis. Null leaves the choice to QEMU.",
      example: 0,
    }),
    addr: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description: "Place on the bus, `SLOT` or `SLOT.FUNCTION`. Null leaves the choice to QEMU.",
      example: "06.0",
    }),
  },
});

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
      pcieRootPorts: mkOption({
        type: types.listOf(rootPort),
        default: [],
        description: "PCI Express ports, for devices of `microvm.devices` that name one as their `qemu.bus`.",
        example: [{ id: "rp1" }],
      }),
      package: mkOption({
        type: types.nullOr(types.nonEmptyStr),
        default: null,
        description:
          "Package of `microvm.vmHostPackages` with the QEMU of the guest's architecture. Null takes Debian's `qemu-system-x86` or `qemu-system-arm`.",
        example: "qemu-system-x86-xen",
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
