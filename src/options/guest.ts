/** Everything that a guest can be told. */
import { mkIf, withFile } from "../module-system/index.ts";
import { accounts } from "./guest/accounts.ts";
import type { GuestArguments, GuestConfig } from "./guest/arguments.ts";
import { boot } from "./guest/boot.ts";
import { certificates } from "./guest/certificates.ts";
import { checks as configChecks } from "./guest/checks.ts";
import { consoleText } from "./guest/console.ts";
import { credentials } from "./guest/credentials.ts";
import { devices } from "./guest/devices.ts";
import { diskAssertions } from "./guest/disk-assertions.ts";
import { documentation } from "./guest/documentation.ts";
import { environment } from "./guest/environment.ts";
import { fileAssertions } from "./guest/file-faults.ts";
import { fileSystems } from "./guest/file-systems.ts";
import { firewall } from "./guest/firewall.ts";
import { graphics } from "./guest/graphics.ts";
import { hypervisorAssertions } from "./guest/hypervisor-assertions.ts";
import { i18n } from "./guest/i18n.ts";
import { interfaceAssertions } from "./guest/interface-assertions.ts";
import { interfaces } from "./guest/interfaces.ts";
import { lifecycle } from "./guest/lifecycle.ts";
import { liveChange } from "./guest/live-change.ts";
import { machine } from "./guest/machine.ts";
import { machineAssertions } from "./guest/machine-assertions.ts";
import { memory } from "./guest/memory.ts";
import { type Assertion, nameAssertions } from "./guest/name-assertions.ts";
import { addressAssertions, forwardingWarnings } from "./guest/network-assertions.ts";
import { networkInterfaces } from "./guest/network-interfaces.ts";
import { networkd } from "./guest/networkd.ts";
import { networking } from "./guest/networking.ts";
import { optimize } from "./guest/optimize.ts";
import { otherHypervisors } from "./guest/other-hypervisors.ts";
import { programs } from "./guest/programs.ts";
import { qemu } from "./guest/qemu.ts";
import { runner } from "./guest/runner.ts";
import { caddy } from "./guest/services/caddy.ts";
import { consoles } from "./guest/services/consoles.ts";
import { cron } from "./guest/services/cron.ts";
import { journald } from "./guest/services/journald.ts";
import { nginx } from "./guest/services/nginx.ts";
import { nodeExporter } from "./guest/services/node-exporter.ts";
import { openssh } from "./guest/services/openssh.ts";
import { postgresql } from "./guest/services/postgresql.ts";
import { redis } from "./guest/services/redis.ts";
import { resolved } from "./guest/services/resolved.ts";
import { timesyncd } from "./guest/services/timesyncd.ts";
import { setuid } from "./guest/setuid.ts";
import { shares } from "./guest/shares.ts";
import { shells } from "./guest/shells.ts";
import { sudo } from "./guest/sudo.ts";
import { swap } from "./guest/swap.ts";
import { systemd } from "./guest/systemd.ts";
import { sysusers } from "./guest/sysusers.ts";
import { tmpfiles } from "./guest/tmpfiles.ts";
import { passwordWarnings, userAssertions } from "./guest/user-assertions.ts";
import { users } from "./guest/users.ts";
import { volumeOwners } from "./guest/volume-owners.ts";
import { volumes } from "./guest/volumes.ts";

export type { GuestConfig } from "./guest/arguments.ts";

/** Declares the options of a guest and what must hold between them. */
export const guestModule = withFile("src/options/guest.ts", {
  imports: [
    machine,
    optimize,
    memory,
    graphics,
    lifecycle,
    liveChange,
    volumes,
    fileSystems,
    volumeOwners,
    swap,
    interfaces,
    shares,
    qemu,
    otherHypervisors,
    runner,
    credentials,
    devices,
    networking,
    networkInterfaces,
    networkd,
    firewall,
    environment,
    shells,
    i18n,
    consoleText,
    documentation,
    programs,
    systemd,
    tmpfiles,
    sysusers,
    users,
    accounts,
    setuid,
    sudo,
    certificates,
    configChecks,
    boot,
    consoles,
    resolved,
    timesyncd,
    openssh,
    nginx,
    caddy,
    postgresql,
    redis,
    nodeExporter,
    cron,
    journald,
    defaults,
    checks,
  ],
});

function defaults({ config }: GuestArguments) {
  return {
    config: {
      users: { users: { root: { isSystemUser: true, uid: 0, group: "root" } } },
      systemd: {
        maskedUnits: mkIf(() => config.microvm.optimize.enable, UNNEEDED_UNITS),
      },
    },
  };
}

/**
 * Units of systemd and Debian that have nothing to do in a microVM: file systems that nobody looks at,
 * hardware that is not there, upkeep of a system that is rebuilt instead, updates of caches that its layers
 * bring along, and what the initrd has done already (device nodes, /tmp, /dev/mqueue).
 */
const UNNEEDED_UNITS = [
  "apt-daily-upgrade.timer",
  "apt-daily.timer",
  "dev-hugepages.mount",
  "dev-mqueue.mount",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty@tty1.service",
  "kmod-static-nodes.service",
  "ldconfig.service",
  "modprobe@.service",
  "proc-sys-fs-binfmt_misc.automount",
  "run-lock.mount",
  "sys-fs-fuse-connections.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "systemd-creds.socket",
  "systemd-firstboot.service",
  "systemd-hostnamed.socket",
  "systemd-hwdb-update.service",
  "systemd-journal-catalog-update.service",
  "systemd-networkd-persistent-storage.service",
  "systemd-pcrlock.socket",
  "systemd-pstore.service",
  "systemd-random-seed.service",
  "systemd-remount-fs.service",
  "systemd-sysext.socket",
  "systemd-tmpfiles-setup-dev-early.service",
  "systemd-tmpfiles-setup-dev.service",
  "systemd-udev-load-credentials.service",
  "systemd-update-done.service",
  "systemd-user-sessions.service",
];

/** Faults that no single type can see. All of them are reported together. */
function checks({ config, options }: GuestArguments) {
  return {
    config: {
      assertions: () => [
        ...hypervisorAssertions(config, options),
        ...machineAssertions(config),
        ...uniqueAssertions(config),
        ...shareAssertions(config),
        ...interfaceAssertions(config),
        ...userAssertions(config, options),
        ...addressAssertions(config, options),
        ...nameAssertions(config),
        ...diskAssertions(config, options),
        ...fileAssertions(config, options),
        readinessAssertion(config),
      ],
      warnings: () => [...memoryWarnings(config), ...passwordWarnings(config), ...forwardingWarnings(config)],
    },
  };
}

function readinessAssertion({ microvm, services }: GuestConfig): Assertion {
  return {
    assertion: microvm.readiness.stage !== "agent" || services.qemuGuest.enable,
    message:
      '"microvm.readiness.stage" is "agent", and "services.qemuGuest.enable" is false: a guest without agent never gets there; say which other stage is meant',
  };
}

function uniqueAssertions({ microvm }: GuestConfig): Assertion[] {
  return [
    unique(
      "microvm.volumes.*.image",
      microvm.volumes.map((volume) => volume.image),
    ),
    unique(
      "microvm.interfaces.*.id",
      microvm.interfaces.map((nic) => nic.id),
    ),
    unique(
      "microvm.qemu.pcieRootPorts.*.id",
      microvm.qemu.pcieRootPorts.map(({ id }) => id),
    ),
    unique(
      "microvm.shares.*.tag",
      microvm.shares.map((share) => share.tag),
    ),
    unique(
      "microvm.shares.*.socket",
      microvm.shares.flatMap((share) => share.socket ?? []),
    ),
  ];
}

function unique(option: string, values: readonly string[]): Assertion {
  const twice = [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
  return {
    assertion: twice.length === 0,
    message: `"${option}" must be unique: "${twice.join('", "')}" is given more than once`,
  };
}

function shareAssertions({ microvm }: GuestConfig): Assertion[] {
  return [
    {
      assertion: microvm.storeOnDisk !== true || microvm.shares.every((share) => share.tag !== "ro-store"),
      message:
        '"microvm.storeOnDisk" is true, yet the share "ro-store" would bring the store: drop one of them',
    },
  ];
}

/** Below 32 MiB no kernel starts; at exactly 2048 MiB QEMU is known to hang (microvm.nix, issue 171). */
function memoryWarnings({ microvm }: GuestConfig): string[] {
  const { mem, hypervisor } = microvm;
  return [
    ...(mem < 32 ? [`"microvm.mem" is ${mem} MiB: a guest needs at least 32 MiB`] : []),
    ...(mem === 2048 && hypervisor === "qemu"
      ? ['"microvm.mem" is 2048 MiB, at which QEMU is known to hang: use 2047 or 2049']
      : []),
  ];
}
