/** Files that keep a guest small and quick: what a microVM has no use for neither starts nor loads. Pure. */
import { unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";

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
 * virtualisation, disks of another kind, speed-ups of ciphers that nobody asked for. Each can still be loaded by name.
 */
const UNNEEDED_MODULES = [
  "aesni_intel",
  "ahci",
  "crc32_pclmul",
  "crc32c_intel",
  "crct10dif_pclmul",
  "ghash_clmulni_intel",
  "kvm_amd",
  "kvm_intel",
  "serio_raw",
  "sha1_ssse3",
  "sha256_ssse3",
  "sha512_ssse3",
];

/**
 * Kinds of devices that nothing is done for when the guest starts: parts of the processor and the firmware, virtual
 * terminals, the kernel's own queues and clocks. The console is asked for by its name.
 */
const UNNEEDED_SUBSYSTEMS = [
  "clockevents",
  "clocksource",
  "container",
  "cpu",
  "dma_heap",
  "event_source",
  "machinecheck",
  "mem",
  "memory",
  "memory_tiering",
  "node",
  "pci_bus",
  "thermal",
  "tty",
  "vc",
  "vtconsole",
  "wakeup",
  "workqueue",
];

/** udev's coldplug without those, and without the subsystems and drivers themselves. */
const COLDPLUG = unitText({
  Service: {
    ExecStart: [
      "",
      `-udevadm trigger --type=devices --action=add --prioritized-subsystem=block,net,virtio-ports ${UNNEEDED_SUBSYSTEMS.map((name) => `--subsystem-nomatch=${name}`).join(" ")}`,
      "-udevadm trigger --type=devices --action=add --subsystem-match=tty --sysname-match=ttyS0 --sysname-match=ttyAMA0 --sysname-match=hvc*",
    ],
  },
});

/** Masks, and with `microvm.optimize.enable` everything above. */
export function optimizationFiles({ boot, microvm, systemd }: GuestConfig): FileEntry[] {
  const none = (path: string): FileEntry => ({ path, type: "symlink", target: "/dev/null" });
  const file = (path: string, text: string): FileEntry => ({ path, type: "file", text });
  const masked = systemd.maskedUnits.map((name) => none(`etc/systemd/system/${name}`));
  if (!microvm.optimize.enable) return masked;
  const keepsLogs = microvm.volumes.some(
    ({ mountPoint }) =>
      mountPoint !== null && `/var/log/journal/`.startsWith(`${mountPoint.replace(/\/+$/, "")}/`),
  );
  return [
    ...masked,
    ...(boot.kernelModules.length > 0 ? [] : [none("etc/systemd/system/systemd-modules-load.service")]),
    ...(keepsLogs ? [] : [none("etc/systemd/system/systemd-journal-flush.service")]),
    // Users may log in as soon as they can: nobody takes the sign down that says otherwise.
    none("etc/tmpfiles.d/systemd-nologin.conf"),
    file("etc/systemd/system/systemd-udev-trigger.service.d/microvm.conf", COLDPLUG),
    ...UNNEEDED_GENERATORS.map((name) => none(`etc/systemd/system-generators/${name}`)),
    file("etc/modprobe.d/microvm.conf", UNNEEDED_MODULES.map((name) => `blacklist ${name}\n`).join("")),
    // The layers' caches are up to date (systemd-update-done(8)).
    file("etc/.updated", ""),
    file("var/.updated", ""),
    file(
      "etc/systemd/system.conf.d/microvm.conf",
      "[Manager]\nStatusUnitFormat=name\nDefaultTimeoutStopSec=10s\n",
    ),
  ];
}
