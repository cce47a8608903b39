/** A small machine for tests. */
import type { Disk, MachineSpec, Share } from "../machine.ts";

/** A machine without devices but its console and sockets, changed by `fields`. */
export function machine(fields: Partial<MachineSpec> = {}): MachineSpec {
  return {
    name: "web",
    architecture: "amd64",
    vcpu: 2,
    mem: 512,
    hotplugMem: 0,
    hotpluggedMem: 0,
    hugepageMem: false,
    balloon: false,
    deflateOnOOM: true,
    kernel: "k1-vmlinux",
    initrd: "i1-initrd",
    kernelParams: ["console=ttyS0", "quiet"],
    initrdCan: { startCpus: false, dropSignatures: false, setSlice: false },
    disks: [],
    shares: [],
    interfaces: [],
    forwardPorts: [],
    devices: [],
    vsockCid: null,
    credentials: [],
    controlSocket: "web.sock",
    agentSocket: "web.agent.sock",
    consoleSocket: "web.console.sock",
    readinessSocket: "web.ready.sock",
    readiness: { stage: "agent", timeout: 150 },
    shutdownTimeout: 30,
    machineId: "6d1c4e0f-7d52-4c2f-9d4e-5c8f0a9b1c2d",
    cpu: null,
    serialConsole: true,
    prettyProcnames: true,
    graphics: null,
    user: null,
    qemu: { machine: null, machineOpts: null, extraArgs: [], pcieRootPorts: [] },
    ...fields,
  };
}

/** A read-only disk of the store. */
export function layerDisk(fields: Partial<Disk> = {}): Disk {
  return {
    serial: "layer",
    image: { store: "l1-layer.erofs" },
    format: "raw",
    readOnly: true,
    direct: false,
    ...fields,
  };
}

/** A share of a host's directory. */
export function share(fields: Partial<Share> = {}): Share {
  return {
    tag: "data",
    proto: "virtiofs",
    source: "/srv/data",
    socket: "web-virtiofs-data.sock",
    readOnly: false,
    securityModel: "none",
    cache: "auto",
    posixAcl: false,
    extraArgs: [],
    ...fields,
  };
}
