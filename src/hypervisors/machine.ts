/** What a hypervisor is asked to run, and what it answers with: values only. */
import type { Graphics, ImageType } from "./capabilities.ts";

/** A piece of a word: literal text, a path below the store, or a variable of the runner's script. */
export type Part = string | { readonly store: string } | { readonly variable: Variable };

/** Variables that the runner's script sets before it starts the hypervisor; `vhost` is `,vhost=on` or empty. */
export type Variable = "accelerator" | "cpu" | "accelerator_params" | "vhost";

/** One word of a command. */
export type Word = string | readonly Part[];

/** A disk of the machine. */
export interface Disk {
  /** Serial number by which the guest finds it, at most 20 characters (virtio-blk's limit). */
  readonly serial: string;
  /** A file below the store (`{ store }`), or one in the VM's directory. */
  readonly image: { readonly store: string } | { readonly file: string };
  readonly format: ImageType;
  readonly readOnly: boolean;
  /** Past the host's page cache. */
  readonly direct: boolean;
}

/** A directory of the host in the guest. */
export interface Share {
  readonly tag: string;
  readonly proto: "virtiofs" | "9p";
  /** Absolute path on the host, or the store itself. */
  readonly source: string | "store";
  /** Socket of its virtiofsd, in the VM's directory. */
  readonly socket: string;
  readonly readOnly: boolean;
  readonly securityModel: string;
  /** How much a guest may keep of a virtiofs share. */
  readonly cache: string;
  readonly posixAcl: boolean;
  /** More arguments for its virtiofsd. */
  readonly extraArgs: readonly string[];
}

/** A network interface. */
export interface Interface {
  readonly id: string;
  readonly type: "user" | "tap" | "bridge" | "macvtap";
  readonly mac: string;
  /** Bridge of the host that its tap joins. Absent: none. */
  readonly bridge?: string;
  /** The host's network that the bridge is of. Absent: a bridge that a person made. */
  readonly network?: string;
  /** Let the host's kernel move the packets of a tap, where it can. */
  readonly vhost?: boolean;
  /** Of a macvtap: the host's interface that it is on, and how they share it (ip-link(8)). */
  readonly macvtap?: { readonly link: string; readonly mode: string };
}

/** A device of the host that the guest has for itself. */
export interface PassedDevice {
  readonly bus: "pci" | "usb";
  /** PCI address such as `0000:01:00.0`, or properties of QEMU's `usb-host`. */
  readonly path: string;
  readonly qemu: {
    readonly id: string | null;
    readonly bus: string | null;
    readonly deviceExtraArgs: string | null;
  };
}

/** A PCI Express port that a passed device can be put behind; null leaves a value to the hypervisor. */
export interface RootPort {
  readonly id: string;
  readonly bus: string | null;
  readonly chassis: number | null;
  readonly slot: number | null;
  readonly addr: string | null;
}

/** A port of the host that leads to the guest, or the other way round. */
export interface ForwardedPort {
  readonly from: "host" | "guest";
  readonly proto: "tcp" | "udp";
  readonly host: { readonly address: string; readonly port: number };
  readonly guest: { readonly address: string; readonly port: number };
}

/** A secret of the host that the guest has as a system credential. */
export interface Credential {
  readonly name: string;
  /** Absolute path on the host, or a file in the VM's directory. */
  readonly file: string;
}

/** Name of the port that the guest tells its stages on. */
export const READINESS_PORT = "microvm.ready";

/** A machine, for any hypervisor. Sizes in MiB. */
export interface MachineSpec {
  readonly name: string;
  /** Debian's name of the guest's architecture. */
  readonly architecture: "amd64" | "arm64";
  readonly vcpu: number;
  readonly mem: number;
  /** Memory that can come and go, and how much of it is there from the start. */
  readonly hotplugMem: number;
  readonly hotpluggedMem: number;
  readonly hugepageMem: boolean;
  /** Whether memory can be taken back; `deflateOnOOM`: until the guest runs short of it. */
  readonly balloon: boolean;
  readonly deflateOnOOM: boolean;
  /** Kernel image and initrd, below the store. */
  readonly kernel: string;
  readonly initrd: string;
  readonly kernelParams: readonly string[];
  /**
   * What the initrd can be told: to bring up processors that the kernel leaves to it (`microvm.cpus=all`), to load its
   * modules without their signatures (`microvm.signatures=none`), and how long a process goes on before another takes
   * its turn (`microvm.slice_ns=NUMBER`).
   */
  readonly initrdCan: Readonly<Record<"startCpus" | "dropSignatures" | "setSlice", boolean>>;
  readonly disks: readonly Disk[];
  readonly shares: readonly Share[];
  readonly interfaces: readonly Interface[];
  readonly forwardPorts: readonly ForwardedPort[];
  readonly devices: readonly PassedDevice[];
  /** Address of the guest on the host's virtual sockets (vsock(7)). */
  readonly vsockCid: number | null;
  readonly credentials: readonly Credential[];
  /** Sockets in the VM's directory: the hypervisor's control socket, and that of the guest's agent. */
  readonly controlSocket: string | null;
  readonly agentSocket: string | null;
  /** Of the console, beside the hypervisor's own input and output; and where the guest tells its stages. */
  readonly consoleSocket: string | null;
  readonly readinessSocket: string;
  /** The stage that the guest counts as up with, and the seconds that it has for each. */
  readonly readiness: { readonly stage: string; readonly timeout: number };
  /** Seconds that the guest has to power off. */
  readonly shutdownTimeout: number;
  /** UUID. */
  readonly machineId: string;
  readonly cpu: string | null;
  readonly serialConsole: boolean;
  readonly prettyProcnames: boolean;
  /** Where the guest's screen is shown; null: it has none. */
  readonly graphics: Graphics | null;
  /** Who runs the hypervisor when root starts it; null: root. */
  readonly user: string | null;
  readonly qemu: {
    readonly machine: string | null;
    readonly machineOpts: Readonly<Record<string, string>> | null;
    readonly extraArgs: readonly string[];
    readonly pcieRootPorts: readonly RootPort[];
  };
}
