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

/** Format of a disk's file. */
export type ImageType = "raw" | "qcow2" | "vhd" | "vhdx";

/** Options of `microvm` that are either on or off. */
export type Feature = "balloon" | "initialBalloonMem" | "hotplugMem" | "hugepageMem";

/** Where a guest's screen is shown: in a window of GTK's or of macOS's; headless: nowhere, it is only looked at by its control socket. */
export type Graphics = "gtk" | "cocoa" | "headless";

/** How a guest's Vulkan reaches the host's graphics processor: translated by Mesa's Venus, or to the driver as it is. */
export type Vulkan = "venus" | "drm_native_context";

/** What a hypervisor can do here. */
export interface Capabilities {
  readonly shares: readonly ("virtiofs" | "9p")[];
  readonly interfaces: readonly ("user" | "tap" | "bridge" | "macvtap")[];
  readonly imageTypes: readonly ImageType[];
  readonly architectures: readonly ("amd64" | "arm64")[];
  readonly forwardPorts: boolean;
  /** Buses whose devices a guest can have for itself. */
  readonly devices: readonly ("pci" | "usb")[];
  /** Virtual sockets between host and guest. */
  readonly vsock: boolean;
  /** Secrets of the host as system credentials of the guest. */
  readonly credentials: boolean;
  readonly features: readonly Feature[];
  /** Where a guest's screen can be shown. */
  readonly graphics: readonly Graphics[];
  readonly vulkan: readonly Vulkan[];
  /** A program beside the hypervisor can draw the screen. */
  readonly graphicsSocket: boolean;
}

/** Hypervisors that the program can start; a name that is missing is refused when a guest is evaluated. */
export const CAPABILITIES: Readonly<Partial<Record<HypervisorName, Capabilities>>> = {
  qemu: {
    shares: ["virtiofs", "9p"],
    interfaces: ["user", "tap", "macvtap", "bridge"],
    imageTypes: ["raw", "qcow2", "vhd", "vhdx"],
    architectures: ["amd64", "arm64"],
    forwardPorts: true,
    devices: ["pci", "usb"],
    vsock: true,
    credentials: true,
    // What a balloon holds can only be set while QEMU runs.
    features: ["balloon", "hotplugMem", "hugepageMem"],
    // Debian's QEMU has its windows in a package of its own, and they need more of the host than a tree of programs.
    graphics: ["headless"],
    // The same goes for drawing by the host's graphics processor.
    vulkan: [],
    graphicsSocket: false,
  },
};
