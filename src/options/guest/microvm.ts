/** `microvm.*` of a guest: the machine. */
import { HYPERVISORS } from "../../hypervisors/capabilities.ts";
import { mkOption, types } from "../../module-system/index.ts";
import { packageSet } from "../package-set.ts";

const uint = types.ints.unsigned;

/** `microvm.volumes.*`. */
const volume = types.submodule({
  options: {
    image: mkOption({
      type: types.nonEmptyStr,
      description: "File of the volume on the host, relative to the VM's directory.",
      example: "data.img",
    }),
    serial: mkOption({
      type: types.nullOr(types.strMatching(/^[A-Za-z0-9_-]{1,20}$/)),
      default: null,
      description:
        "Serial number by which the guest finds the disk, at most 20 characters. Default: made from the image's name.",
    }),
    direct: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the host's page cache is passed by.",
    }),
    readOnly: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the guest may only read the volume.",
    }),
    label: mkOption({
      type: types.nullOr(types.strMatching(/^[A-Za-z0-9_.-]{1,16}$/)),
      default: null,
      description: "Label of the file system, given when the volume is created.",
    }),
    mountPoint: mkOption({
      type: types.nullOr(types.path),
      default: null,
      description: "Where the guest mounts it. Null leaves it unmounted.",
      example: "/var/lib/data",
    }),
    size: mkOption({
      type: types.ints.positive,
      description: "Size in MiB with which the volume is created. The file is sparse.",
    }),
    autoCreate: mkOption({
      type: types.bool,
      default: true,
      description: "Whether the volume is created when its file is missing.",
    }),
    mkfsExtraArgs: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "More arguments for mkfs.",
    }),
    fsType: mkOption({
      type: types.enum(["ext2", "ext3", "ext4"]),
      default: "ext4",
      description: "File system of the volume.",
    }),
    imageType: mkOption({
      type: types.enum(["raw", "qcow2"]),
      default: "raw",
      description: "Format of the file. Only raw volumes are created; others must exist.",
    }),
  },
});

/** `microvm.interfaces.*`. */
const networkInterface = types.submodule({
  options: {
    type: mkOption({
      type: types.enum(["user", "tap", "macvtap", "bridge"]),
      description: "How the interface is attached on the host.",
    }),
    id: mkOption({
      type: types.strMatching(/^[A-Za-z0-9_.-]{1,15}$/),
      description: "Name of the interface on the host, at most 15 characters and unique.",
    }),
    mac: mkOption({
      type: types.nullOr(types.strMatching(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/)),
      default: null,
      description:
        "Hardware address. Default: derived from the names of the VM and the interface, locally administered.",
      example: "02:00:00:00:00:01",
    }),
  },
});

/** `microvm.shares.*`. */
const share = types.submodule({
  options: {
    tag: mkOption({
      type: types.strMatching(/^[A-Za-z0-9_-]{1,36}$/),
      description: "Name of the share, unique in its guest, at most 36 characters.",
    }),
    source: mkOption({
      type: types.path,
      description: "Directory of the host. The store is always shared read-only.",
    }),
    mountPoint: mkOption({
      type: types.path,
      description: "Where the guest mounts it.",
    }),
    proto: mkOption({
      type: types.enum(["9p", "virtiofs"]),
      default: "9p",
      description: "How it is shared. virtiofs is faster and needs a virtiofsd beside the hypervisor.",
    }),
    socket: mkOption({
      type: types.nullOr(types.strMatching(/^(?!\.{1,2}$)[^/\n]+$/)),
      default: null,
      description:
        "Socket of the virtiofsd, in the VM's directory. Default: made from the names of VM and share.",
    }),
    securityModel: mkOption({
      type: types.enum(["none", "passthrough", "mapped", "mapped-file"]),
      default: "none",
      description: "How 9p keeps owners and modes on the host.",
    }),
    readOnly: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the guest may only read the share.",
    }),
    cache: mkOption({
      type: types.enum(["auto", "always", "never", "metadata"]),
      default: "auto",
      description:
        "How much the guest may keep of a virtiofs share. The store never changes and is always kept.",
    }),
  },
});

/** One side of a forwarded port. */
const endpoint = (address: string) =>
  types.submodule({
    options: {
      address: mkOption({
        type: types.str,
        default: address,
        description: "Address to listen at or to connect to; empty for any.",
      }),
      port: mkOption({ type: types.port, description: "Port number." }),
    },
  });

/** `microvm.forwardPorts.*`. */
const forwardedPort = types.submodule({
  options: {
    from: mkOption({
      type: types.enum(["host", "guest"]),
      default: "host",
      description: "The side that listens.",
    }),
    proto: mkOption({ type: types.enum(["tcp", "udp"]), default: "tcp", description: "Protocol." }),
    host: mkOption({ type: endpoint("127.0.0.1"), description: "The host's side." }),
    guest: mkOption({ type: endpoint(""), description: "The guest's side." }),
  },
});

/** Options of the machine. */
export const machineOptions = {
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
    description: "CPU model to emulate. Default: the host's with hardware virtualisation, else the fullest.",
    example: "Skylake-Server",
  }),
  vcpu: mkOption({ type: types.ints.positive, default: 1, description: "Number of virtual CPUs." }),
  mem: mkOption({ type: types.ints.positive, default: 512, description: "Memory in MiB." }),
  machineId: mkOption({
    type: types.nullOr(types.strMatching(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)),
    default: null,
    description: "UUID of the machine, also its `/etc/machine-id`. Default: derived from the host name.",
    example: "6d1c4e0f-7d52-4c2f-9d4e-5c8f0a9b1c2d",
  }),
  preStart: mkOption({
    type: types.lines,
    default: "",
    description: "Shell commands that the runner runs before the hypervisor, in the VM's directory.",
  }),
  extraArgsScript: mkOption({
    type: types.nullOr(types.path),
    default: null,
    description: "Program whose one line of output is added to the hypervisor's arguments.",
  }),
  socket: mkOption({
    type: types.nullOr(types.strMatching(/^(?!\.{1,2}$)[^/\n]+$/)),
    default: null,
    description: "Control socket of the hypervisor, in the VM's directory. Default: `NAME.sock`.",
  }),
  volumes: mkOption({
    type: types.listOf(volume),
    default: [],
    description: "Disks that keep their contents, as files of the host.",
  }),
  interfaces: mkOption({
    type: types.listOf(networkInterface),
    default: [],
    description: "Network interfaces.",
  }),
  shares: mkOption({
    type: types.listOf(share),
    default: [],
    description:
      "Directories of the host in the guest. With a share of the store no disk is built for the guest's layers.",
  }),
  forwardPorts: mkOption({
    type: types.listOf(forwardedPort),
    default: [],
    description: "Ports that lead from the host to the guest or back, through the first `user` interface.",
  }),
  kernelParams: mkOption({
    type: types.listOf(types.strMatching(/^\S+$/)),
    default: [],
    description: "Words for the kernel's command line after those of `boot.kernelParams`.",
  }),
  storeOnDisk: mkOption({
    type: types.nullOr(types.bool),
    default: null,
    description:
      "Whether the layers reach the guest as read-only disks. Default: when no share has the store as its source.",
  }),
  storeDiskType: mkOption({
    type: types.enum(["erofs"]),
    default: "erofs",
    description: "File system of the layers' disks.",
  }),
  storeDiskErofsFlags: mkOption({
    type: types.listOf(types.str),
    default: [],
    description:
      "Arguments for mkfs.erofs. Default: uncompressed, which is the quickest to build and to read.",
    example: ["-zlz4hc"],
  }),
  writableStoreOverlay: mkOption({
    type: types.nullOr(types.bool),
    default: null,
    description:
      "Whether the guest can change its whole system, packages included. Changes are kept in memory. Otherwise only /etc, /var, /root, /home, /srv and /opt can be written.",
  }),
  vmHostPackages: mkOption({
    type: types.nullOr(types.either(types.enum(["host"]), packageSet)),
    default: null,
    description:
      'Where hypervisor and tools come from: a package set, or "host" for the programs on `PATH`. Default: the package set of the guest.',
  }),
  prettyProcnames: mkOption({
    type: types.bool,
    default: true,
    description: "Whether the hypervisor's process is named after the VM.",
  }),
  binScripts: mkOption({
    type: types.attrsOf(types.lines),
    default: {},
    description: "More scripts for the runner's `bin` directory, by name.",
  }),
  qemu: {
    machine: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description:
        "QEMU's machine type. Default: `q35` on x86-64 and `virt` on arm64, which boot with and without hardware virtualisation.",
    }),
    machineOpts: mkOption({
      type: types.nullOr(types.attrsOf(types.str)),
      default: null,
      description: "Options of the machine type in place of the program's own.",
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
      description: "Whether the guest's console is a serial port on the runner's standard input and output.",
    }),
  },
  virtiofsd: {
    inodeFileHandles: mkOption({
      type: types.enum(["never", "prefer", "mandatory"]),
      default: "prefer",
      description: "Whether virtiofsd refers to files by handle, which spares open file descriptors.",
    }),
    threadPoolSize: mkOption({
      type: types.nullOr(uint),
      default: null,
      description: "Threads of each virtiofsd. Default: virtiofsd's own choice.",
    }),
    extraArgs: mkOption({
      type: types.listOf(types.str),
      default: [],
      description: "More arguments for virtiofsd.",
    }),
  },
} as const;
