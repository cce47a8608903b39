/** What a guest leaves out to be quick, and what its kernel is guarded by. */
import { type InferConfig, mkDefault, mkOption, types, withFile } from "../../module-system/index.ts";
import type { bootOptions } from "./boot.ts";
import type { consoleOptions } from "./services/consoles.ts";
import { unitName } from "./systemd/names.ts";
import type { SystemdOptions } from "./systemd.ts";

/** Names of files and subsystems: parts of paths. */
const names = types.listOf(types.strMatching(/^[\w][\w.-]*$/));

/**
 * Units of Debian that nothing in a microVM waits for when it starts: those that act on measured boot, hibernation and
 * a machine id that was made late, those that ask for passwords of disks, a FIFO of System V's init.
 */
const UNWANTED = {
  "sysinit.target": [
    "sys-kernel-config.mount",
    "systemd-ask-password-console.path",
    "systemd-binfmt.service",
    "systemd-hibernate-clear.service",
    "systemd-machine-id-commit.service",
    "systemd-pcrmachine.service",
    "systemd-pcrphase-sysinit.service",
    "systemd-pcrphase.service",
    "systemd-tpm2-setup-early.service",
    "systemd-tpm2-setup.service",
  ],
  "sockets.target": ["systemd-initctl.socket", "systemd-pcrextend.socket"],
  "multi-user.target": ["systemd-ask-password-wall.path"],
};

/** They start when a program asks for them, by their socket or their name on the bus. */
const ON_DEMAND = ["dbus.service", "systemd-logind.service"];

/**
 * Kinds of devices that nothing is done for when the guest starts: parts of the processor, the firmware and the
 * chipset, virtual terminals, the kernel's own queues and clocks. The console is asked for by its name.
 */
const IGNORED = [
  "acpi",
  "bdi",
  "clockevents",
  "clocksource",
  "container",
  "cpu",
  "dma_heap",
  "dmi",
  "event_source",
  "graphics",
  "machinecheck",
  "mem",
  "memory",
  "memory_tiering",
  "misc",
  "node",
  "pci_bus",
  "platform",
  "pnp",
  "serial-base",
  "thermal",
  "tty",
  "vc",
  "vtconsole",
  "wakeup",
  "workqueue",
];

/** Rules of udev for hardware that people hold in their hands, and for disks of other kinds than a microVM's. */
const MASKED_RULES = [
  "60-autosuspend.rules",
  "60-cdrom_id.rules",
  "60-evdev.rules",
  "60-fido-id.rules",
  "60-infiniband.rules",
  "60-persistent-alsa.rules",
  "60-persistent-input.rules",
  "60-persistent-storage-mtd.rules",
  "60-persistent-storage-tape.rules",
  "60-persistent-v4l.rules",
  "60-sensor.rules",
  "70-camera.rules",
  "70-joystick.rules",
  "70-memory.rules",
  "70-mouse.rules",
  "70-touchpad.rules",
  "75-probe_mtd.rules",
  "78-sound-card.rules",
  "90-iocost.rules",
];

/** Options of a quick start. */
export const optimizeOptions = {
  microvm: {
    optimize: {
      unwanted: mkOption({
        type: types.attrsOf(types.listOf(unitName)),
        defaultText:
          "units that a microVM does not wait for, `systemd-logind.service` and `dbus.service` among them when the guest agent is there",
        description:
          "Units that packages start with a target, by that target, and that the guest does not start with it. Unlike masked ones they start when something needs them.",
        example: { "multi-user.target": ["systemd-logind.service"] },
      }),
      ignoredSubsystems: mkOption({
        type: names,
        defaultText: "parts of the processor, the firmware, the chipset and the kernel itself",
        description:
          "Kinds of devices that udev is not told of when the guest starts, if they are there already. Devices that appear later are not affected.",
        example: ["cpu", "memory"],
      }),
      maskedUdevRules: mkOption({
        type: names,
        defaultText: "rules for cameras, sound, joysticks, tapes and the like",
        description: "Files of udev's rules that the guest does not read.",
        example: ["78-sound-card.rules"],
      }),
      systemdBpf: mkOption({
        type: types.bool,
        defaultText: "whether a service, socket or slice is declared with a setting that needs it",
        description:
          "Whether systemd may use BPF by libbpf, for `SocketBindAllow`, `SocketBindDeny`, `RestrictNetworkInterfaces` and `RestrictFileSystems`. What it tries at the start to know whether it can takes an emulated guest a tenth of its boot. Without it networkd does not log who else changes kernel settings of its interfaces. Units of packages with such settings are not looked at. Other programs have libbpf in any case.",
        example: true,
      }),
    },
  },
  security: {
    lsm: mkOption({
      type: names,
      defaultText:
        "landlock, lockdown, yama; bpf when a service has `RestrictFileSystems`, apparmor when its package is there",
      description:
        "Security modules that the kernel starts, in this order. An empty list leaves it to the kernel, which starts all that it has. One that is not there protects nothing: starting bpf alone takes an emulated guest a tenth of its boot.",
      example: ["landlock", "yama", "apparmor", "bpf"],
    }),
  },
} as const;

type Config = InferConfig<
  typeof optimizeOptions & typeof consoleOptions & typeof bootOptions & SystemdOptions
> & {
  readonly microvm: { readonly optimize: { readonly enable: boolean } };
  readonly environment: { readonly packages: readonly string[] };
};

const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    microvm: {
      optimize: {
        unwanted: mkDefault(() => unwantedUnits(config)),
        // The power button is a device of ACPI; who answers to it is started, or not, with it.
        ignoredSubsystems: mkDefault(() =>
          config.services.qemuGuest.enable ? IGNORED : IGNORED.filter((name) => name !== "acpi"),
        ),
        maskedUdevRules: mkDefault(MASKED_RULES),
        systemdBpf: mkDefault(() => !config.microvm.optimize.enable || needsBpf(config)),
      },
    },
    security: {
      lsm: mkDefault(() => (config.microvm.optimize.enable ? neededModules(config) : [])),
    },
  },
});

/** A guest without an agent is powered off by its button, which logind answers to. */
function unwantedUnits({ services }: Config) {
  if (!services.qemuGuest.enable) return UNWANTED;
  return { ...UNWANTED, "multi-user.target": [...UNWANTED["multi-user.target"], ...ON_DEMAND] };
}

function neededModules({ systemd, environment }: Config): string[] {
  const settings = Object.values(systemd.services).map(({ serviceConfig }) => serviceConfig);
  return [
    "landlock",
    "lockdown",
    "yama",
    ...(environment.packages.includes("apparmor") ? ["apparmor"] : []),
    ...(haveAny(settings, ["RestrictFileSystems"]) ? ["bpf"] : []),
  ];
}

/** Settings of units that systemd needs libbpf for: systemd.resource-control(5), systemd.exec(5). */
const BPF_SETTINGS = [
  "SocketBindAllow",
  "SocketBindDeny",
  "RestrictNetworkInterfaces",
  "RestrictFileSystems",
];

function needsBpf({ systemd: { services, sockets, slices } }: Config): boolean {
  const settings = [
    ...Object.values(services).map(({ serviceConfig }) => serviceConfig),
    ...Object.values(sockets).map(({ socketConfig }) => socketConfig),
    ...Object.values(slices).map(({ sliceConfig }) => sliceConfig),
  ];
  return haveAny(settings, BPF_SETTINGS);
}

/** Whether one of the units is given one of these settings. */
function haveAny(units: readonly Readonly<Record<string, unknown>>[], names: readonly string[]): boolean {
  return units.some((settings) => names.some((name) => settings[name] !== undefined));
}

/** Declares them. */
export const optimize = withFile("src/options/guest/optimize.ts", {
  imports: [implementation],
  options: optimizeOptions,
});
