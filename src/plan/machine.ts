/** From a guest's options to a machine, for any hypervisor. Pure. */
import type { Credential, Disk, Interface, MachineSpec, Share } from "../hypervisors/machine.ts";
import { bridgeName } from "../hypervisors/network-names.ts";
import { volumeSerial } from "../options/guest/volumes.ts";
import type { GuestConfig } from "../options/guest.ts";
import { earlyMountWords, kernelWord } from "./early-mounts.ts";
import { WITHOUT_BPF } from "./guest-files/optimization.ts";
import { keptHostKeys } from "./host-keys.ts";
import { layerSerial, macAddress, machineUuid } from "./identity.ts";
import { readinessStage } from "./readiness-stage.ts";

/** Where the built parts of a guest are: names of store paths. */
export interface BuiltParts {
  readonly kernel: string;
  readonly initrd: string;
  /** Topmost first. */
  readonly layers: readonly string[];
  /** An image of each layer, in the same order; absent when the store is shared. */
  readonly images: readonly string[] | undefined;
  /** Path of the guest's first process; absent: `/sbin/init`. */
  readonly init?: string;
}

/** The share that brings the store, if there is one. */
export function storeShare({ microvm }: GuestConfig, storeDirectory: string) {
  return microvm.shares.find((share) => share.source === storeDirectory);
}

/** The machine of a guest. */
export function machineSpec(
  name: string,
  architecture: MachineSpec["architecture"],
  config: GuestConfig,
  parts: BuiltParts,
  storeDirectory: string,
): MachineSpec {
  const { microvm } = config;
  return {
    name,
    architecture,
    vcpu: microvm.vcpu,
    mem: microvm.mem,
    hotplugMem: microvm.hotplugMem,
    hotpluggedMem: microvm.hotpluggedMem,
    hugepageMem: microvm.hugepageMem,
    balloon: microvm.balloon,
    deflateOnOOM: microvm.deflateOnOOM,
    kernel: parts.kernel,
    initrd: parts.initrd,
    kernelParams: kernelParams(config, architecture, parts, storeDirectory),
    initrdCan: initrdAbilities(config),
    disks: [...layerDisks(parts), ...volumeDisks(config)],
    shares: microvm.shares.map((share) => machineShare(name, share, storeDirectory)),
    interfaces: microvm.interfaces.map((nic) => machineInterface(name, nic)),
    forwardPorts: microvm.forwardPorts,
    devices: microvm.devices,
    vsockCid: microvm.vsock.cid,
    credentials: credentials(config),
    controlSocket: microvm.socket ?? `${name}.sock`,
    agentSocket: config.services.qemuGuest.enable ? `${name}.agent.sock` : null,
    consoleSocket: microvm.qemu.serialConsole ? `${name}.console.sock` : null,
    readinessSocket: `${name}.ready.sock`,
    readiness: { stage: readinessStage(config), timeout: microvm.readiness.timeout },
    shutdownTimeout: microvm.shutdown.timeout,
    machineId: machineUuid(config.networking.hostName, microvm.machineId),
    cpu: microvm.cpu,
    serialConsole: microvm.qemu.serialConsole,
    prettyProcnames: microvm.prettyProcnames,
    graphics: microvm.graphics.enable ? microvm.graphics.backend : null,
    user: microvm.user,
    qemu: qemuSettings(microvm.qemu),
  };
}

/** The first serial port, by the name that the kernel's driver gives it. */
const SERIAL_CONSOLES = { amd64: "ttyS0", arm64: "ttyAMA0" } as const;

/** What the guest gets from the host: the declared secrets, and the host keys that the runner keeps. */
function credentials(config: GuestConfig): Credential[] {
  return [
    ...Object.entries(config.microvm.credentialFiles).map(([name, file]) => ({ name, file })),
    ...keptHostKeys(config).map(({ file }) => ({ name: file, file })),
  ];
}

/** What somebody else made or asks for is left alone. */
function initrdAbilities({ boot, microvm }: GuestConfig): MachineSpec["initrdCan"] {
  const isOurs = microvm.kernel === null && microvm.initrdPath === null;
  const isOptimized = isOurs && microvm.optimize.enable;
  const asks = (words: RegExp) =>
    [...boot.kernelParams, ...microvm.kernelParams].some((word) => words.test(word));
  return {
    startCpus: isOurs && !asks(/^maxcpus=/),
    dropSignatures: isOptimized && !asks(/^(lockdown=|module\.sig[-_]enforce\b)/),
    setSlice: isOptimized,
  };
}

/** What of QEMU's options its command is made from. */
function qemuSettings(settings: GuestConfig["microvm"]["qemu"]): MachineSpec["qemu"] {
  const { machine, machineOpts, extraArgs, pcieRootPorts } = settings;
  return { machine, machineOpts, extraArgs, pcieRootPorts };
}

/** The kernel's command line. A panic ends the VM at once, so that whoever started it learns of it. */
function kernelParams(
  config: GuestConfig,
  architecture: MachineSpec["architecture"],
  parts: BuiltParts,
  storeDirectory: string,
): string[] {
  const { microvm, boot, security } = config;
  const share = storeShare(config, storeDirectory);
  return [
    ...(microvm.qemu.serialConsole ? [`console=${SERIAL_CONSOLES[architecture]}`] : []),
    "panic=-1",
    // The hypervisor's own random numbers, and no self-tests of ciphers at every start.
    "random.trust_cpu=on",
    "cryptomgr.notests",
    ...(microvm.optimize.enable ? ["loglevel=4"] : []),
    // The kernel gives its init what it does not know itself.
    ...(microvm.optimize.systemdBpf || parts.init !== undefined ? [] : [WITHOUT_BPF]),
    ...(security.lsm.length > 0 ? [`lsm=${security.lsm.join(",")}`] : []),
    ...(parts.images || !share
      ? [`microvm.store=disk:${microvm.storeDiskType}`]
      : [`microvm.store=${share.proto}:${share.tag}`]),
    ...(parts.images || !share ? [] : [`microvm.store_mount=${kernelWord("the store", share.mountPoint)}`]),
    `microvm.layers=${parts.layers.join(":")}`,
    ...earlyMountWords(config, parts.init !== undefined),
    ...(parts.init === undefined ? [] : [`microvm.init=${parts.init}`]),
    // Memory that comes later is used at once, and only for what can be moved away again.
    ...(microvm.hotplugMem > 0 ? ["memhp_default_state=online_movable"] : []),
    ...boot.kernelParams,
    ...microvm.kernelParams,
  ];
}

function layerDisks({ images, layers }: BuiltParts): Disk[] {
  return (images ?? []).map((image, index) => ({
    serial: layerSerial(layers[index]!),
    image: { store: image },
    format: "raw",
    readOnly: true,
    direct: false,
  }));
}

function volumeDisks({ microvm }: GuestConfig): Disk[] {
  return microvm.volumes.map((volume) => ({
    serial: volumeSerial(volume),
    image: { file: volume.image },
    format: volume.imageType,
    readOnly: volume.readOnly,
    direct: volume.direct,
  }));
}

function machineInterface(
  name: string,
  { id, type, mac, bridge, network, tap, macvtap }: GuestConfig["microvm"]["interfaces"][number],
): Interface {
  const joined = network === null ? bridge : bridgeName(network);
  return {
    id,
    type,
    mac: macAddress(name, id, mac),
    ...(joined !== null && { bridge: joined }),
    ...(network !== null && { network }),
    ...(tap.vhost && { vhost: true }),
    ...(type === "macvtap" && { macvtap: { link: macvtap.link!, mode: macvtap.mode } }),
  };
}

function machineShare(
  name: string,
  share: GuestConfig["microvm"]["shares"][number],
  storeDirectory: string,
): Share {
  const { tag, proto, source, socket, readOnly, securityModel, cache, posixAcl, extraArgs } = share;
  const isStore = source === storeDirectory;
  return {
    tag,
    proto,
    source: isStore ? "store" : source,
    socket: socket ?? `${name}-virtiofs-${tag}.sock`,
    readOnly: isStore || readOnly,
    securityModel,
    // What never changes may be kept for as long as the guest likes.
    cache: isStore ? "always" : cache,
    posixAcl: posixAcl && !isStore,
    extraArgs,
  };
}
