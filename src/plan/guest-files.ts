/** From a guest's options to the files of its configuration layer. Pure. */
import type { Group, User } from "../guest/accounts.ts";
import type { ConfigLayer } from "../guest/config-layer.ts";
import { quoteUnitWord, type UnitValue, unitText } from "../guest/units.ts";
import type { GuestConfig } from "../options/guest.ts";
import { quoteWord } from "../os/processes.ts";
import type { FileEntry } from "../store/files.ts";
import { machineUuid, volumeSerial } from "./identity.ts";
import { optimizationFiles } from "./optimization-files.ts";

/** The configuration layer of a guest. Later files win over earlier ones of the same path. */
export function guestFiles(config: GuestConfig, storeMount: string | null): ConfigLayer {
  const entries = [
    ...identityFiles(config),
    ...networkFiles(config),
    ...fileSystemFiles(config, storeMount),
    ...kernelFiles(config),
    ...loginFiles(config),
    ...optimizationFiles(config),
    ...serviceFiles(config),
    ...declaredFiles(config),
  ];
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  return {
    entries: [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    users: users(config),
    groups: groups(config),
  };
}

const file = (path: string, text: string, mode?: number): FileEntry => ({
  path,
  type: "file",
  text,
  ...(mode !== undefined && { mode }),
});
const link = (path: string, target: string): FileEntry => ({ path, type: "symlink", target });
const unit = (name: string) => `etc/systemd/system/${name}`;
const wanted = (by: string, name: string, from = "/usr/lib/systemd/system") =>
  link(unit(`${by}.wants/${name}`), `${from}/${name}`);

function identityFiles({ networking, microvm, time }: GuestConfig): FileEntry[] {
  const { hostName, domain, hosts } = networking;
  const names = domain === null ? hostName : `${hostName}.${domain} ${hostName}`;
  const more = Object.entries(hosts).map(([address, aliases]) => `${address} ${aliases.join(" ")}\n`);
  return [
    file("etc/hostname", `${hostName}\n`),
    file(
      "etc/hosts",
      `127.0.0.1 localhost\n127.0.1.1 ${names}\n::1 localhost ip6-localhost ip6-loopback\n${more.join("")}`,
    ),
    file("etc/machine-id", `${machineUuid(hostName, microvm.machineId).replaceAll("-", "")}\n`),
    ...(time.timeZone === null
      ? []
      : [
          link("etc/localtime", `/usr/share/zoneinfo/${time.timeZone}`),
          file("etc/timezone", `${time.timeZone}\n`),
        ]),
  ];
}

/** Name server of QEMU's user network (its manual, "Using the user mode network stack"). */
const USER_NETWORK_DNS = "10.0.2.3";

function networkFiles({ networking, microvm }: GuestConfig): FileEntry[] {
  const servers =
    networking.nameservers.length > 0
      ? networking.nameservers
      : microvm.interfaces.some((nic) => nic.type === "user")
        ? [USER_NETWORK_DNS]
        : [];
  const search = networking.domain === null ? "" : `search ${networking.domain}\n`;
  const resolver = file(
    "etc/resolv.conf",
    `${search}${servers.map((server) => `nameserver ${server}\n`).join("")}`,
  );
  if (microvm.interfaces.length === 0) return [resolver];
  return [
    resolver,
    file(
      "etc/systemd/network/80-microvm.network",
      unitText({
        Match: { Type: "ether" },
        Network: networking.useDHCP ? { DHCP: true } : {},
        Link: { RequiredForOnline: "routable" },
      }),
    ),
    wanted("multi-user.target", "systemd-networkd.service"),
    wanted("sockets.target", "systemd-networkd.socket"),
    link(unit("dbus-org.freedesktop.network1.service"), "/usr/lib/systemd/system/systemd-networkd.service"),
  ];
}

/** fstab(5): white space is written as octal. */
const fstabField = (text: string) =>
  text.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);

function fileSystemFiles({ microvm }: GuestConfig, storeMount: string | null): FileEntry[] {
  const volumes = microvm.volumes.flatMap(({ mountPoint, image, serial, fsType, readOnly }) =>
    mountPoint === null
      ? []
      : [
          {
            mountPoint,
            line: [
              `/dev/disk/by-id/virtio-${volumeSerial(image, serial)}`,
              fstabField(mountPoint),
              fsType,
              readOnly ? "ro" : "rw",
            ],
          },
        ],
  );
  const shares = microvm.shares
    .filter((share) => share.mountPoint !== storeMount)
    .map(({ tag, mountPoint, proto, readOnly }) => ({
      mountPoint,
      line: [
        tag,
        fstabField(mountPoint),
        proto,
        // 9p: msize as large as the transport takes, so that a read is not cut into 8 KiB pieces.
        [
          readOnly ? "ro" : "rw",
          ...(proto === "9p" ? ["trans=virtio,version=9p2000.L,msize=1048576"] : []),
        ].join(","),
      ],
    }));
  const mounts = [...volumes, ...shares];
  const points = [...mounts.map((mount) => mount.mountPoint), ...(storeMount === null ? [] : [storeMount])];
  return [
    file("etc/fstab", mounts.map(({ line }) => `${line.join(" ")} 0 0\n`).join("")),
    ...points.map((path): FileEntry => ({ path: relative(path), type: "directory" })),
  ];
}

function kernelFiles({ boot }: GuestConfig): FileEntry[] {
  const settings = Object.entries(boot.kernel.sysctl).map(
    ([key, value]) => `${key} = ${typeof value === "boolean" ? Number(value) : value}\n`,
  );
  return [
    ...(boot.kernelModules.length > 0
      ? [file("etc/modules-load.d/microvm.conf", boot.kernelModules.map((name) => `${name}\n`).join(""))]
      : []),
    ...(settings.length > 0 ? [file("etc/sysctl.d/60-microvm.conf", settings.join(""))] : []),
  ];
}

function loginFiles(config: GuestConfig): FileEntry[] {
  const { environment, services } = config;
  const variables = Object.entries(environment.variables);
  const keys = Object.entries(config.users.users)
    .map(([name, user]) => [name, user.openssh.authorizedKeys.keys] as const)
    .filter(([, list]) => list.length > 0);
  const homes = Object.entries(config.users.users).filter(([, user]) => user.isNormalUser);
  const autologin = services.getty.autologinUser;
  return [
    ...(variables.length > 0
      ? [
          file(
            "etc/profile.d/microvm.sh",
            variables.map(([key, value]) => `export ${key}=${quoteWord(value)}\n`).join(""),
          ),
        ]
      : []),
    ...keys.map(([name, list]) =>
      file(`etc/ssh/authorized_keys.d/${name}`, list.map((key) => `${key}\n`).join("")),
    ),
    ...(homes.length > 0
      ? [
          file(
            "etc/tmpfiles.d/microvm-homes.conf",
            homes
              .map(
                ([name, user]) =>
                  `d ${quoteUnitWord(user.home ?? `/home/${name}`)} 0700 ${name} ${user.group ?? "users"}\n`,
              )
              .join(""),
          ),
        ]
      : []),
    ...(autologin === null
      ? []
      : [
          file(
            unit("serial-getty@.service.d/autologin.conf"),
            unitText({
              Service: {
                ExecStart: [
                  "",
                  `-/sbin/agetty --autologin ${autologin} --noclear --keep-baud 115200 - $TERM`,
                ],
              },
            }),
          ),
        ]),
  ];
}

type Service = GuestConfig["systemd"]["services"][string];

function serviceFiles({ systemd }: GuestConfig): FileEntry[] {
  return Object.entries(systemd.services).flatMap(([name, service]) => {
    const unitName = `${name}.service`;
    if (!service.enable) return [link(unit(unitName), "/dev/null")];
    const script = `usr/local/lib/microvm/${name}`;
    return [
      file(unit(unitName), serviceText(service, script)),
      ...service.wantedBy.map((target) => wanted(target, unitName, "/etc/systemd/system")),
      ...(service.script === "" ? [] : [file(script, `#!/bin/sh\nset -e\n${service.script}\n`, 0o755)]),
    ];
  });
}

function serviceText(service: Service, script: string): string {
  const list = (key: string, names: readonly string[]) =>
    names.length > 0 ? { [key]: names.join(" ") } : {};
  const environment = Object.entries(service.environment).map(([key, value]) =>
    quoteUnitWord(`${key}=${value}`),
  );
  return unitText({
    Unit: {
      ...(service.description !== "" && { Description: service.description }),
      ...list("After", service.after),
      ...list("Before", service.before),
      ...list("Requires", service.requires),
      ...list("Wants", service.wants),
      ...(service.unitConfig as Record<string, UnitValue>),
    },
    Service: {
      ...(environment.length > 0 && { Environment: environment }),
      ...(service.script !== "" && { ExecStart: `/${script}` }),
      ...(service.serviceConfig as Record<string, UnitValue>),
    },
  });
}

function declaredFiles({ environment }: GuestConfig): FileEntry[] {
  const mode = (text: string) => Number.parseInt(text, 8);
  return [
    ...Object.entries(environment.etc).map(([path, entry]) =>
      file(`etc/${path}`, entry.text, mode(entry.mode)),
    ),
    ...Object.entries(environment.files).map(([path, entry]) =>
      file(relative(path), entry.text, mode(entry.mode)),
    ),
  ];
}

function users(config: GuestConfig): User[] {
  return Object.entries(config.users.users).map(([name, user]) => {
    const isRoot = name === "root";
    return {
      name,
      uid: user.uid,
      group: user.group,
      description: user.description,
      home: user.home ?? (isRoot ? "/root" : null),
      shell: user.shell ?? (isRoot ? "/bin/bash" : null),
      hashedPassword: user.hashedPassword,
      extraGroups: user.extraGroups,
      system: !user.isNormalUser,
    };
  });
}

function groups(config: GuestConfig): Group[] {
  return Object.entries(config.users.groups).map(([name, { gid, members }]) => ({ name, gid, members }));
}

const relative = (path: string) => path.replace(/^\/+|\/+$/g, "");
