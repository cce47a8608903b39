/** Files that keep a guest small and quick: what a microVM has no use for neither starts nor loads. Pure. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { coldplugFiles } from "./coldplug.ts";
import { dropIn, file, link, unit } from "./entries.ts";
import { declaredUnits } from "./units.ts";

/**
 * Generators of systemd that look for what no microVM has: partitions to guess at, a hibernated image, a TPM, host
 * keys over vsock, an update to be done off-line. Those for fstab, consoles and System V scripts stay.
 */
const UNNEEDED_GENERATORS = [
  "systemd-gpt-auto-generator",
  "systemd-hibernate-resume-generator",
  "systemd-rc-local-generator",
  "systemd-ssh-generator",
  "systemd-system-update-generator",
  "systemd-tpm2-generator",
];

/**
 * Modules that udev would load because the emulated processor and chipset offer something for them: nested
 * virtualisation, disks of another kind, speed-ups of ciphers that nobody asked for; and what systemd loads by itself
 * for tables of firmware and of a firewall that it does not have here. Each can still be loaded by name.
 */
const UNNEEDED_MODULES = [
  "aesni_intel",
  "ahci",
  "crc32_pclmul",
  "crc32c_intel",
  "crct10dif_pclmul",
  "dmi_sysfs",
  "ghash_clmulni_intel",
  "ip_tables",
  "kvm_amd",
  "kvm_intel",
  "serio_raw",
  "sha1_ssse3",
  "sha256_ssse3",
  "sha512_ssse3",
];

/**
 * Generators that act on words of the kernel's command line, systemd-debug-generator(8) and systemd-run-generator(8),
 * or on credentials; all of them begin with "systemd.".
 */
const COMMAND_LINE_GENERATORS = ["systemd-debug-generator", "systemd-run-generator"];

/** Where systemd and its networkd, and only they, look for libraries first: there is one that is none. */
const OTHER_LIBRARIES = "usr/local/lib/microvm/without-bpf";

/** What tells them so: a variable of theirs. */
export const WITHOUT_BPF = `LD_LIBRARY_PATH=/${OTHER_LIBRARIES}`;

const NO_LIBRARY = "systemd does without this library: see microvm.optimize.systemdBpf.\n";

/** Masks, and with `microvm.optimize.enable` everything above. */
export function optimizationFiles(config: GuestConfig): FileEntry[] {
  const { boot, microvm, systemd } = config;
  const masked = systemd.maskedUnits.map((name) => none(unit(name)));
  if (!microvm.optimize.enable) return masked;
  const keepsLogs = microvm.volumes.some(
    ({ mountPoint }) =>
      mountPoint !== null && `/var/log/journal/`.startsWith(`${mountPoint.replace(/\/+$/, "")}/`),
  );
  const modules = [...UNNEEDED_MODULES, ...(hasAutomounts(config) ? [] : ["autofs4"])];
  return [
    ...masked,
    ...unwantedFiles(config),
    ...(boot.kernelModules.length > 0 ? [] : [none(unit("systemd-modules-load.service"))]),
    ...(keepsLogs ? [] : [none(unit("systemd-journal-flush.service"))]),
    // Users may log in as soon as they can: nobody takes the sign down that says otherwise.
    none("etc/tmpfiles.d/systemd-nologin.conf"),
    ...coldplugFiles(microvm.optimize.ignoredSubsystems),
    ...(config.services.qemuGuest.enable ? [quietAgent()] : []),
    ...(microvm.optimize.systemdBpf ? [] : withoutBpf(config)),
    ...microvm.optimize.maskedUdevRules.map((name) => none(`etc/udev/rules.d/${name}`)),
    ...unneededGenerators(config).map((name) => none(`etc/systemd/system-generators/${name}`)),
    file("etc/modprobe.d/microvm.conf", modules.map((name) => `blacklist ${name}\n`).join("")),
    // The layers' caches are up to date (systemd-update-done(8)).
    file("etc/.updated", ""),
    file("var/.updated", ""),
    file(
      "etc/systemd/system.conf.d/microvm.conf",
      "[Manager]\nStatusUnitFormat=name\nDefaultTimeoutStopSec=10s\n",
    ),
  ];
}

/** Process 1 is told by the kernel's command line; networkd watches its kernel settings by BPF, to log what others set. */
function withoutBpf({ systemd }: GuestConfig): FileEntry[] {
  return [
    file(`${OTHER_LIBRARIES}/libbpf.so.1`, NO_LIBRARY),
    ...(systemd.network.enable
      ? [dropIn("systemd-networkd.service", { Service: { Environment: WITHOUT_BPF } })]
      : []),
  ];
}

/** The agent says a line for each request: a command that runs is looked at several times a second. */
function quietAgent(): FileEntry {
  return dropIn("qemu-guest-agent.service", { Service: { LogLevelMax: "notice" } });
}

/** What masks a unit, a file of rules or a generator. */
function none(path: string): FileEntry {
  return link(path, "/dev/null");
}

/** Masks of the links by which packages' units are started; a declared unit's own link stays. */
function unwantedFiles(config: GuestConfig): FileEntry[] {
  const declared = new Set(declaredUnits(config, (name) => name).flatMap(({ links }) => links));
  return Object.entries(config.microvm.optimize.unwanted)
    .flatMap(([target, names]) => names.map((name) => `${target}.wants/${name}`))
    .filter((path) => !declared.has(path))
    .map((path) => none(unit(path)));
}

function unneededGenerators({ boot, microvm }: GuestConfig): readonly string[] {
  const words = [...boot.kernelParams, ...microvm.kernelParams, ...Object.keys(microvm.credentialFiles)];
  const isTold = words.some((word) => word.startsWith("systemd."));
  return isTold ? UNNEEDED_GENERATORS : [...UNNEEDED_GENERATORS, ...COMMAND_LINE_GENERATORS];
}

/** Whether a declared unit mounts when somebody looks. */
function hasAutomounts({ systemd }: GuestConfig): boolean {
  const units = Object.keys(systemd.units);
  return systemd.automounts.length > 0 || units.some((name) => name.endsWith(".automount"));
}
