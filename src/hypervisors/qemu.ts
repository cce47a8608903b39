/** QEMU: with hardware virtualisation, and without (CI, nested clouds) as a first-class case. */
import { CAPABILITIES, type ImageType } from "./capabilities.ts";
import type { Hypervisor } from "./hypervisor.ts";
import { interfaceQueues, macvtapDescriptors } from "./interface-queues.ts";
import type {
  Credential,
  Disk,
  ForwardedPort,
  Interface,
  MachineSpec,
  Part,
  PassedDevice,
  RootPort,
  Share,
  Word,
} from "./machine.ts";
import { READINESS_PORT } from "./machine.ts";

/** QEMU's own name of each architecture, and a machine type that boots there under either accelerator. */
const TARGETS = {
  amd64: {
    program: "qemu-system-x86_64",
    machine: "q35",
    // x86-64-v2 with AES. Wider vectors, and the larger state that each switch of tasks then saves, only slow an
    // emulated guest down: a boot takes a tenth longer with "max".
    // Its random numbers are the host's own, at once.
    emulatedCpu: "Westmere,+rdrand",
    // Unless told so, the kernel takes 10,000 lock prefixes out of itself for a single processor, each through an address
    // space of its own: the emulator then forgets what it knows of addresses, and prefixes cost it nothing.
    emulatedParams: ["tsc=reliable", "no_timer_check", "noreplace-smp"],
    // Other sources of random numbers: the host's, by a driver to load, and how an emulator's clock trembles; and a test
    // of a function that derives keys.
    emulatedCpuParams: [
      "modprobe.blacklist=virtio_rng",
      "initcall_blacklist=jent_mod_init,crypto_kdf108_init",
    ],
    // Controllers of the chipset that nothing is attached to: the guest would probe and load drivers for each.
    // Memory of the firmware's own (smm) and a clock beside the processor's (hpet) are not used either.
    options: {
      "mem-merge": "on",
      usb: "off",
      sata: "off",
      smbus: "off",
      i8042: "off",
      vmport: "off",
      smm: "off",
      hpet: "off",
    },
  },
  arm64: {
    program: "qemu-system-aarch64",
    machine: "virt",
    // 64-bit ARM of 2016. Later ones sign pointers, which costs an emulator much and a guest's own host nothing.
    emulatedCpu: "cortex-a72",
    emulatedParams: [],
    emulatedCpuParams: [],
    // The newest interrupt controller that there is: the oldest knows eight processors.
    options: { "mem-merge": "on", "gic-version": "max" },
  },
} as const;

/**
 * How long a process of an emulated guest goes on before another takes its turn, in nanoseconds. The kernel's own 0.7 ms
 * are as little work as 20 µs of a real processor, and each turn costs the emulator what it knows of addresses: a start
 * had 7000 of them, and took about a tenth longer. From 8 ms on, more gains nothing.
 */
const EMULATED_SLICE = 10_000_000;

/** QEMU as a hypervisor. */
export const qemu: Hypervisor = {
  name: "qemu",
  capabilities: CAPABILITIES.qemu!,
  program: (machine) => TARGETS[machine.architecture].program,
  args: (machine) => [
    ...baseArgs(machine),
    ...memoryArgs(machine),
    ...kernelArgs(machine),
    ...socketArgs(machine),
    ...machine.disks.flatMap(diskArgs),
    ...machine.shares.flatMap(shareArgs),
    ...machine.interfaces.flatMap((nic) => interfaceArgs(nic, machine)),
    ...(machine.graphics === null ? [] : ["-device", "virtio-gpu-pci"]),
    ...machine.qemu.pcieRootPorts.flatMap(rootPortArgs),
    ...deviceArgs(machine.devices),
    ...vsockArgs(machine.vsockCid),
    ...machine.credentials.flatMap(credentialArgs),
    ...machine.qemu.extraArgs,
  ],
  consoleArgs,
  // Since QEMU 10.0.
  sharedConsole: { args: ["-chardev", "help"], prints: "hub" },
  accelerators: (machine) => ({
    kvm: { accelerator: "kvm", cpu: machine.cpu ?? "host", params: [] },
    tcg: {
      // One host thread for each virtual CPU, and room for the translations of a whole boot (MiB).
      accelerator: "tcg,thread=multi,tb-size=256",
      cpu: machine.cpu ?? TARGETS[machine.architecture].emulatedCpu,
      // An emulated processor speculates nothing, and its clock is the emulator's.
      params: [
        "mitigations=off",
        ...TARGETS[machine.architecture].emulatedParams,
        // Another processor may have no random numbers of its own.
        ...(machine.cpu === null ? TARGETS[machine.architecture].emulatedCpuParams : []),
        "rcupdate.rcu_expedited=1",
        // Names in descriptions of trace events, and a look at functions that tracing cannot use.
        "initcall_blacklist=trace_eval_init,ftrace_check_for_weak_functions",
        ...lateCpuParams(machine),
        // Arithmetic of elliptic curves for each module, a fifth of a start's instructions with a firewall: the
        // modules come with the kernel, which nobody checks either.
        ...(machine.initrdCan.dropSignatures ? ["microvm.signatures=none"] : []),
        ...(machine.initrdCan.setSlice ? [`microvm.slice_ns=${EMULATED_SLICE}`] : []),
      ],
    },
  }),
  controlLines: (machine) =>
    machine.controlSocket === null
      ? undefined
      : {
          greeting: ['{"execute":"qmp_capabilities"}'],
          powerButton: ['{"execute":"system_powerdown"}'],
          end: ['{"execute":"quit"}'],
        },
};

/**
 * The emulator sends a processor's write to its interrupt controller elsewhere, or ends, when another processor changes
 * the devices' addresses at that moment: as the kernel does while it finds the PCI devices. So it does that with one
 * processor, prepared for several (`noreplace-smp`). On arm64 the interrupt controller is not reached by an address.
 */
function lateCpuParams({ architecture, vcpu, initrdCan }: MachineSpec): string[] {
  return architecture === "amd64" && vcpu > 1 && initrdCan.startCpus ? ["maxcpus=1", "microvm.cpus=all"] : [];
}

function baseArgs({
  name,
  architecture,
  vcpu,
  machineId,
  prettyProcnames,
  qemu: { machine, machineOpts },
}: MachineSpec): Word[] {
  const target = TARGETS[architecture];
  // Another machine type may not know the options of ours.
  const ownOptions: Readonly<Record<string, string>> =
    machine === null || machine === target.machine ? target.options : {};
  const options = Object.entries(machineOpts ?? ownOptions).map(
    ([key, value]) => `${key}=${escapeComma(value)}`,
  );
  return [
    ...["-name", prettyProcnames ? `${name},process=microvm@${name}` : name],
    "-nodefaults",
    "-no-user-config",
    "-no-reboot",
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny"],
    ...["-machine", [machine ?? target.machine, ...options, "memory-backend=mem"].join(",")],
    ...["-accel", [{ variable: "accelerator" }] as const],
    ...["-cpu", [{ variable: "cpu" }] as const],
    ...["-smp", String(vcpu)],
    ...["-uuid", machineId],
    ...["-display", "none"],
    ...["-device", "virtio-rng-pci"],
  ];
}

function memoryArgs(machine: MachineSpec): Word[] {
  const { mem, hotplugMem, hotpluggedMem, balloon, deflateOnOOM } = machine;
  const grows = hotplugMem > 0;
  return [
    ...["-m", grows ? `${mem}M,maxmem=${mem + hotplugMem}M` : `${mem}M`],
    ...["-object", memoryBackend(machine, "mem", mem)],
    ...(grows
      ? [
          ...["-object", memoryBackend(machine, "hotplug", hotplugMem)],
          ...["-device", `virtio-mem-pci,id=hotplug0,memdev=hotplug,requested-size=${hotpluggedMem}M`],
        ]
      : []),
    ...(balloon
      ? [
          "-device",
          `virtio-balloon-pci,id=balloon0,deflate-on-oom=${deflateOnOOM ? "on" : "off"},free-page-reporting=on`,
        ]
      : []),
  ];
}

/** Shared, so that a virtiofsd can reach the guest's memory. */
function memoryBackend({ shares, hugepageMem }: MachineSpec, id: string, size: number): string {
  const shared = shares.some((share) => share.proto === "virtiofs");
  if (hugepageMem) return `memory-backend-memfd,id=${id},size=${size}M,share=on,hugetlb=on`;
  return shared
    ? `memory-backend-memfd,id=${id},size=${size}M,share=on`
    : `memory-backend-ram,id=${id},size=${size}M`;
}

function kernelArgs({ kernel, initrd, kernelParams }: MachineSpec): Word[] {
  return [
    ...["-kernel", [{ store: kernel }]],
    ...["-initrd", [{ store: initrd }]],
    ...["-append", [`${kernelParams.join(" ")}`, { variable: "accelerator_params" }] as const],
  ];
}

function consoleArgs({ serialConsole, consoleSocket }: MachineSpec): Word[] {
  if (!serialConsole) return [];
  // Control characters of the terminal belong to the guest.
  const own = ["-chardev", "stdio,id=stdio,signal=off"];
  if (consoleSocket === null) return [...own, "-serial", "chardev:stdio"];
  return [
    ...own,
    ...listening("terminal", consoleSocket),
    // Prints on both, and takes keys from both.
    ...["-chardev", "hub,id=console,chardevs.0=stdio,chardevs.1=terminal"],
    ...["-serial", "chardev:console"],
  ];
}

function socketArgs({ controlSocket, agentSocket, readinessSocket }: MachineSpec): Word[] {
  const args: Word[] = [];
  if (controlSocket !== null) {
    args.push(...listening("control", controlSocket), ...["-mon", "chardev=control,mode=control"]);
  }
  args.push(...["-device", "virtio-serial-pci"]);
  if (agentSocket !== null) {
    // The name that the agent's own unit waits for.
    args.push(...port("agent", agentSocket, "org.qemu.guest_agent.0"));
  }
  args.push(...port("ready", readinessSocket, READINESS_PORT));
  return args;
}

/** A socket that listens, for one client at a time. */
function listening(id: string, path: string): Word[] {
  return ["-chardev", `socket,id=${id},path=${escapeComma(path)},server=on,wait=off`];
}

/** A port of the guest by a name. */
function port(id: string, path: string, name: string): Word[] {
  return [...listening(id, path), ...["-device", `virtserialport,chardev=${id},name=${name}`]];
}

function diskArgs({ serial, image, format, readOnly, direct }: Disk, index: number): Word[] {
  const file: Part = "store" in image ? image : escapeComma(image.file);
  const settings = [
    `,node-name=disk${index}`,
    `,read-only=${readOnly ? "on" : "off"}`,
    ",auto-read-only=off,discard=unmap",
    `,file.cache.direct=${direct ? "on" : "off"}`,
  ].join("");
  return [
    ...["-blockdev", [`driver=${qemuFormat(format)},file.driver=file,file.filename=`, file, settings]],
    ...["-device", `virtio-blk-pci,drive=disk${index},serial=${serial}`],
  ];
}

/** QEMU's name of a disk's format. */
export function qemuFormat(format: ImageType): string {
  return format === "vhd" ? "vpc" : format;
}

function shareArgs({ tag, proto, source, socket, readOnly, securityModel }: Share, index: number): Word[] {
  if (proto === "virtiofs") {
    return [
      ...["-chardev", `socket,id=share${index},path=${escapeComma(socket)}`],
      ...["-device", `vhost-user-fs-pci,chardev=share${index},tag=${tag}`],
    ];
  }
  const path: Part = source === "store" ? { store: "" } : escapeComma(source);
  const settings = `,security_model=${securityModel},readonly=${readOnly ? "on" : "off"}`;
  return [
    ...["-fsdev", [`local,id=share${index},path=`, path, settings]],
    ...["-device", `virtio-9p-pci,fsdev=share${index},mount_tag=${tag}`],
  ];
}

function interfaceArgs(nic: Interface, machine: MachineSpec): Word[] {
  const { id, mac } = nic;
  const queues = nic.type === "user" ? 1 : interfaceQueues(nic, machine);
  // Two vectors for each pair of queues, one for its control, one for the configuration.
  const multiple = queues > 1 ? `,mq=on,vectors=${2 * queues + 2}` : "";
  return [
    ...["-netdev", backend(nic, queues, machine)],
    // No boot ROM: the kernel is given, nothing boots from the network.
    ...["-device", `virtio-net-pci,netdev=${id},mac=${mac},romfile=${multiple}`],
  ];
}

/** Where the packets go on the host. Taps are made before, by `tap-up`: QEMU starts no program of its own. */
function backend(nic: Interface, queues: number, machine: MachineSpec): Word {
  const { type, id, vhost = false } = nic;
  if (type === "user") return ["user", `id=${id}`, ...machine.forwardPorts.map(forwarding)].join(",");
  if (type === "macvtap") {
    const numbers = macvtapDescriptors(machine)[id]!;
    return `tap,id=${id},${numbers.length > 1 ? "fds" : "fd"}=${numbers.join(":")}`;
  }
  const tap = `tap,id=${id},ifname=${id},script=no,downscript=no${queues > 1 ? `,queues=${queues}` : ""}`;
  return vhost ? [tap, { variable: "vhost" }] : tap;
}

/** QEMU tells ports apart by chassis and slot: each has a chassis of its own unless another is asked for. */
function rootPortArgs({ id, bus, chassis, slot, addr }: RootPort, index: number): Word[] {
  const settings = { id, bus, chassis: chassis ?? index + 1, slot, addr };
  const words = Object.entries(settings).flatMap(([key, value]) =>
    value === null ? [] : [`${key}=${escapeComma(String(value))}`],
  );
  return ["-device", ["pcie-root-port", ...words].join(",")];
}

/** USB needs a controller, which the machine is without otherwise. */
function deviceArgs(devices: readonly PassedDevice[]): Word[] {
  const hasUsb = devices.some(({ bus }) => bus === "usb");
  return [
    ...(hasUsb ? ["-device", "qemu-xhci"] : []),
    ...devices.flatMap(({ bus, path, qemu: { id, bus: port, deviceExtraArgs } }) => {
      const first = bus === "pci" ? `vfio-pci,host=${path},multifunction=on` : `usb-host,${path}`;
      const more = [id && `id=${id}`, port && `bus=${port}`, deviceExtraArgs].filter(Boolean);
      return ["-device", [first, ...more].join(",")];
    }),
  ];
}

function vsockArgs(cid: number | null): Word[] {
  return cid === null ? [] : ["-device", `vhost-vsock-pci,guest-cid=${cid}`];
}

/** hostfwd and guestfwd of QEMU's user network; an empty address means any on the host, the first lease in the guest. */
function forwarding({ from, proto, host, guest }: ForwardedPort): string {
  return escapeComma(
    from === "host"
      ? `hostfwd=${proto}:${host.address}:${host.port}-${guest.address}:${guest.port}`
      : `guestfwd=${proto}:${guest.address}:${guest.port}-${proto}:${host.address}:${host.port}`,
  );
}

/** systemd takes system credentials from fw_cfg (systemd.system-credentials(7)); QEMU reads the file when it starts. */
function credentialArgs({ name, file }: Credential): Word[] {
  return ["-fw_cfg", `name=opt/io.systemd.credentials/${name},file=${escapeComma(file)}`];
}

/** In QEMU's option strings a comma is doubled. */
function escapeComma(text: string): string {
  return text.replaceAll(",", ",,");
}
