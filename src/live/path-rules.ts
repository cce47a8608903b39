/** What a changed file of a guest's configuration asks for. Data. */

/** What is done once all files are in their places. The names are functions of the guest's script. */
export type Step = "hostname" | "sysctl" | "sysusers" | "tmpfiles" | "udev" | "networkd";

/** A file, and what its change asks for. The first rule that fits counts. */
export type PathRule = { readonly path: RegExp } & (
  | { readonly reboot: string; readonly why: string /** A new file does not. */; readonly unlessNew?: true }
  | { readonly step: Step }
  | { readonly restart: string }
  | { readonly reload: string }
  | { readonly later: string }
);

const OPTIMIZE = "microvm.optimize.enable";

/** All files that have a rule; units have rules of their own (`unit-changes.ts`), others are only put in place. */
export const PATH_RULES: readonly PathRule[] = [
  { path: /^etc\/fstab$/, reboot: "microvm.volumes or microvm.shares", why: "other places are mounted on" },
  { path: /^etc\/machine-id$/, reboot: "microvm.machineId", why: "a guest keeps its identity while it runs" },
  { path: /^etc\/modprobe\.d\//, reboot: OPTIMIZE, why: "other kernel modules are loaded" },
  { path: /^etc\/systemd\/system-generators\//, reboot: OPTIMIZE, why: "other generators of units run" },
  { path: /^(etc|var)\/\.updated$/, reboot: OPTIMIZE, why: "other units run at the start" },
  {
    path: /^etc\/systemd\/system\.conf\.d\//,
    reboot: "systemd.globalEnvironment",
    why: "all services have it from their start",
  },
  {
    path: /^etc\/systemd\/system\/default\.target$/,
    reboot: "systemd.defaultUnit",
    why: "it is what is booted into",
  },
  {
    path: /^etc\/systemd\/system\/[^/]+\.(mount|automount|swap)(\.d\/.*)?$/,
    reboot: "systemd.mounts or systemd.automounts",
    why: "programs have files open there",
  },
  {
    path: /^etc\/systemd\/system\/immutable-users\.service$/,
    reboot: "users.mutableUsers",
    why: "the account files are mounted at the start",
  },
  {
    path: /^etc\/systemd\/network\/[^/]+\.link$/,
    reboot: "microvm.interfaces",
    why: "interfaces keep their names",
  },
  {
    path: /^etc\/systemd\/network\/[^/]+\.netdev$/,
    reboot: "systemd.network.netdevs",
    why: "a device that is there is not made anew",
    unlessNew: true,
  },
  { path: /^etc\/systemd\/network\//, step: "networkd" },
  { path: /^etc\/hostname$/, step: "hostname" },
  { path: /^etc\/sysctl\.d\//, step: "sysctl" },
  { path: /^etc\/sysusers\.d\//, step: "sysusers" },
  { path: /^etc\/tmpfiles\.d\//, step: "tmpfiles" },
  { path: /^etc\/udev\//, step: "udev" },
  { path: /^etc\/modules-load\.d\//, restart: "systemd-modules-load.service" },
  { path: /^etc\/nftables\.conf$/, reload: "nftables.service" },
  { path: /^etc\/systemd\/resolved\.conf(\.d\/.*)?$/, restart: "systemd-resolved.service" },
  { path: /^etc\/systemd\/journald\.conf(\.d\/.*)?$/, restart: "systemd-journald.service" },
  { path: /^etc\/systemd\/timesyncd\.conf(\.d\/.*)?$/, restart: "systemd-timesyncd.service" },
  { path: /^etc\/systemd\/networkd\.conf(\.d\/.*)?$/, restart: "systemd-networkd.service" },
  { path: /^usr\/local\/lib\/microvm\/coldplug$/, later: "microvm.optimize.ignoredSubsystems" },
];

/**
 * Units that a live change leaves alone: who is logged in would be thrown out, or everything that speaks to them would
 * break. Another unit of theirs counts from the next start on.
 */
export const LEFT_ALONE =
  /^(dbus|dbus-broker|systemd-logind|systemd-udevd|systemd-udev-trigger|microvm-live|(serial-|console-)?getty@?[^.]*|user@[^.]*|autovt@[^.]*)\.(service|socket)$/;
