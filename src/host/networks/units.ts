/** The systemd units of a network. */
import { join } from "node:path";
import { networkNames } from "../../paths.ts";
import type { TextFile } from "./networkd.ts";
import type { PlannedNetwork } from "./planned-network.ts";

/** Name of the unit of a network. */
export function networkUnitName(network: string): string {
  return `${networkNames.unit}${network}.service`;
}

/** Where a network is on the host. */
export interface NetworkPlace {
  /** Absolute path of what `networkRecipe` builds. */
  readonly directory: string;
  /** Group whose members may look into the store; it must be there before the unit starts. */
  readonly storeGroup: string;
}

/**
 * The network's service, and drop-ins that start it with the host's VMs and before any that has taps: also before those
 * that the host does not look into.
 * What `networkRecipe` builds changes its name with the network, and so the unit changes.
 */
export function networkUnits(
  network: PlannedNetwork,
  { directory, storeGroup }: NetworkPlace,
): readonly TextFile[] {
  const { name } = network;
  const unit = networkUnitName(name);
  const wanting = `[Unit]\nWants=${unit}\nAfter=${unit}\n`;
  return [
    { path: unit, text: service(network, directory, storeGroup) },
    { path: `microvms.target.d/network-${name}.conf`, text: wanting },
    { path: `microvm-tap-interfaces@.service.d/network-${name}.conf`, text: wanting },
  ];
}

function service(network: PlannedNetwork, directory: string, storeGroup: string): string {
  const { name, options } = network;
  const script = (script: string) => unitPath(join(directory, "bin", script));
  return [
    "[Unit]",
    `Description=Network "${name}" of microVMs`,
    "After=network-pre.target systemd-networkd.service systemd-resolved.service",
    `RequiresMountsFor=${unitPath(directory)}`,
    // It is tried for as long as it is wanted.
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    ...(options.dhcp || options.dns
      ? [
          `ExecStartPre=+${script("network-up")}`,
          // It is active when names are answered and addresses given: VMs that wait for it need no second try.
          "Type=forking",
          `PIDFile=${networkNames.runtimeDirectory}${name}/pid`,
          `ExecStart=${script("network-serve")}`,
          `SupplementaryGroups=${storeGroup}`,
          ...SERVER,
        ]
      : ["Type=oneshot", "RemainAfterExit=yes", `ExecStart=+${script("network-up")}`]),
    `ExecStopPost=+${script("network-down")}`,
    `RuntimeDirectory=${`${networkNames.unit}${name}`}`,
    `SyslogIdentifier=microvm-network-${name}`,
    "",
  ].join("\n");
}

/** A path in a unit, where white space parts words and a percent sign begins a specifier. */
function unitPath(path: string): string {
  return path
    .replaceAll("%", "%%")
    .replaceAll(/[\s"'\\]/g, (mark) => `\\x${mark.charCodeAt(0).toString(16)}`);
}

/** The server listens at ports below 1024, for one bridge, and needs nothing else of the host. */
const SERVER = [
  "Restart=always",
  "RestartSec=2",
  "DynamicUser=yes",
  "AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_RAW",
  "CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_NET_RAW",
  "DevicePolicy=closed",
  "LockPersonality=yes",
  "MemoryDenyWriteExecute=yes",
  "NoNewPrivileges=yes",
  "PrivateDevices=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHome=read-only",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectProc=invisible",
  "ProtectSystem=strict",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources",
  "UMask=0077",
];
