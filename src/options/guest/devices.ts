/** `microvm.devices`, `microvm.vsock` and `microvm.registerWithMachined`: what else the host gives the machine. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../module-system/index.ts";

const words = types.nullOr(types.strMatching(/^[A-Za-z0-9_.-]+$/));

/** `microvm.devices.*`. */
const device = types.submodule({
  options: {
    bus: mkOption({
      type: types.enum(["pci", "usb"]),
      description: "Bus that the device is on.",
      example: "pci",
    }),
    path: mkOption({
      type: types.strMatching(/^[A-Za-z0-9_.:=,-]+$/),
      description:
        "Which device: an address such as `0000:01:00.0` for `pci`; for `usb` properties of QEMU's `usb-host`, such as `vendorid=0x046d,productid=0xc52b`.",
      example: "0000:01:00.0",
    }),
    qemu: {
      id: mkOption({
        type: words,
        default: null,
        description: "Name of the device inside QEMU. Null leaves it without.",
        example: "gpu0",
      }),
      bus: mkOption({
        type: words,
        default: null,
        description: "Bus of the machine that the device is put on. Null leaves it to QEMU.",
        example: "pcie.0",
      }),
      deviceExtraArgs: mkOption({
        type: types.nullOr(types.strMatching(/^\S+$/)),
        default: null,
        description: "More properties of the device, parted by commas. Null gives none.",
        example: "x-igd-opregion=on",
      }),
    },
  },
});

/** Options of passed devices, virtual sockets and machined. */
export const devicesOptions = {
  microvm: {
    devices: mkOption({
      type: types.listOf(device),
      default: [],
      description:
        "Devices of the host that the guest has for itself. PCI devices are handed to vfio-pci by the runner's `pci-setup`, which root runs before the VM starts; the machine needs an IOMMU.",
      example: [{ bus: "pci", path: "0000:01:00.0" }],
    }),
    vsock: {
      cid: mkOption({
        type: types.nullOr(types.ints.between(0, 0xffff_fffe)),
        default: null,
        description:
          "Address of the guest on the host's virtual sockets, vsock(7): 3 or more, unique on the host. Null gives the guest none.",
        example: 3,
      }),
      ssh: {
        enable: mkOption({
          type: types.bool,
          default: false,
          description:
            "Whether the OpenSSH server listens on the virtual socket, too, so that the host reaches it without a network: `ssh vsock/CID` with systemd's client configuration. Needs `microvm.vsock.cid`.",
        }),
      },
    },
    registerWithMachined: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the running VM is listed by machinectl(1) on the host.",
    }),
  },
} as const;

type Config = InferConfig<typeof devicesOptions>;

/** systemd generates such a socket as well, but only when the kernel's module is loaded before any unit. */
const implementation = ({ config }: { readonly config: Config }) => ({
  config: mkIf(() => config.microvm.vsock.ssh.enable, {
    boot: { kernelModules: ["vmw_vsock_virtio_transport"] },
    services: { openssh: { enable: true } },
    systemd: {
      sockets: {
        "sshd-vsock": {
          description: "OpenSSH server on the virtual socket (microvm.vsock.ssh)",
          wantedBy: ["sockets.target"],
          listenStreams: ["vsock::22"],
          socketConfig: { Accept: true, TriggerLimitIntervalSec: 0 },
        },
      },
      services: {
        "sshd-vsock@": {
          description: "OpenSSH server for one connection (microvm.vsock.ssh)",
          after: ["ssh-host-keys.service"],
          wants: ["ssh-host-keys.service"],
          serviceConfig: {
            ExecStart: "-/usr/sbin/sshd -i",
            StandardInput: "socket",
            RuntimeDirectory: "sshd",
            RuntimeDirectoryPreserve: true,
          },
        },
      },
    },
  }),
});

/** Declares them. */
export const devices = withFile("src/options/guest/devices.ts", {
  imports: [implementation],
  options: devicesOptions,
});
