/** What each hypervisor can do, as data: checked once, before planning, and printed as a table in the docs. */

/** Names of the hypervisors. */
export const HYPERVISORS = [
  "qemu",
  "cloud-hypervisor",
  "firecracker",
  "crosvm",
  "kvmtool",
  "stratovirt",
  "alioth",
  "vfkit",
] as const;

/** Name of a hypervisor. */
export type HypervisorName = (typeof HYPERVISORS)[number];

/** What a hypervisor can do here. */
export interface Capabilities {
  readonly shares: readonly ("virtiofs" | "9p")[];
  readonly interfaces: readonly ("user" | "tap" | "bridge" | "macvtap")[];
  readonly imageTypes: readonly ("raw" | "qcow2")[];
  readonly architectures: readonly ("amd64" | "arm64")[];
  readonly forwardPorts: boolean;
  /** Buses whose devices a guest can have for itself. */
  readonly devices: readonly ("pci" | "usb")[];
  /** Virtual sockets between host and guest. */
  readonly vsock: boolean;
  /** Secrets of the host as system credentials of the guest. */
  readonly credentials: boolean;
}

/** Hypervisors that the program can start; a name that is missing is refused when a guest is evaluated. */
export const CAPABILITIES: Readonly<Partial<Record<HypervisorName, Capabilities>>> = {
  qemu: {
    shares: ["virtiofs", "9p"],
    interfaces: ["user", "tap", "macvtap", "bridge"],
    imageTypes: ["raw", "qcow2"],
    architectures: ["amd64", "arm64"],
    forwardPorts: true,
    devices: ["pci", "usb"],
    vsock: true,
    credentials: true,
  },
};
