/** systemd-networkd: its files, and what starts it. */
import { type UnitValue, unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { macAddress } from "../identity.ts";
import { file, link, unit, wanted } from "./entries.ts";

type Network = GuestConfig["systemd"]["network"];
type Section = readonly [name: string, settings: Readonly<Record<string, unknown>>];

/** Links, virtual interfaces and networks of the VM with this name. A guest without networkd still names its interfaces. */
export function networkdFiles(name: string, config: GuestConfig): FileEntry[] {
  const { network } = config.systemd;
  const links = [
    ...nameLinks(name, config),
    ...named(network.links, "link", ({ matchConfig, linkConfig }) => [
      ["Match", matchConfig],
      ["Link", linkConfig],
    ]),
  ];
  if (!network.enable) return links;
  return [
    ...links,
    ...named(network.netdevs, "netdev", netdevSections),
    ...named(network.networks, "network", networkSections),
    wanted("multi-user.target", "systemd-networkd.service"),
    wanted("sockets.target", "systemd-networkd.socket"),
    wanted("network-online.target", "systemd-networkd-wait-online.service"),
    link(unit("dbus-org.freedesktop.network1.service"), "/usr/lib/systemd/system/systemd-networkd.service"),
  ];
}

/** Names that the kernel or udev does not take for an interface: numbers, and words of sysctl(8). */
const NO_INTERFACE = /^(\d+|all|default|\.+)$/;

/** Each interface of the machine is called by its id, and keeps the names that it would have had beside. */
function nameLinks(name: string, { microvm }: GuestConfig): FileEntry[] {
  return microvm.interfaces
    .filter(({ id }) => !NO_INTERFACE.test(id))
    .map(({ id, mac }) =>
      networkFile(`10-${id}.link`, "microvm.interfaces", [
        ["Match", { MACAddress: macAddress(name, id, mac), Type: "ether", Kind: "!*" }],
        ["Link", { Name: id, AlternativeNamesPolicy: "database onboard slot path" }],
      ]),
    );
}

interface Common {
  readonly enable: boolean;
  readonly description: string;
  readonly extraConfig: string;
}

function named<T extends Common>(
  files: Readonly<Record<string, T>>,
  suffix: string,
  sectionsOf: (one: T) => readonly Section[],
): FileEntry[] {
  return Object.entries(files)
    .filter(([, { enable }]) => enable)
    .map(([name, one]) => {
      const origin = one.description || `systemd.network.${suffix}s."${name}"`;
      return networkFile(`${name}.${suffix}`, origin, sectionsOf(one), one.extraConfig);
    });
}

function networkFile(name: string, origin: string, sections: readonly Section[], extra = ""): FileEntry {
  const text = sections
    .map(([section, settings]) => unitText({ [section]: settings as Record<string, UnitValue> }))
    .filter((part) => part !== "")
    .join("\n");
  const more = extra.trim() === "" ? "" : `\n${extra.trim()}\n`;
  return file(`etc/systemd/network/${name}`, `# ${origin}\n${text}${more}`);
}

function netdevSections(one: Network["netdevs"][string]): Section[] {
  return [
    ["Match", one.matchConfig],
    ["NetDev", one.netdevConfig],
    ["VLAN", one.vlanConfig],
    ["Bridge", one.bridgeConfig],
    ["WireGuard", one.wireguardConfig],
    ...one.wireguardPeers.map((peer): Section => ["WireGuardPeer", peer]),
  ];
}

function networkSections(one: Network["networks"][string]): Section[] {
  const lists = {
    Address: one.address,
    Gateway: one.gateway,
    DNS: one.dns,
    NTP: one.ntp,
    Domains: one.domains,
    Bridge: one.bridge,
    VLAN: one.vlan,
  };
  const given = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  return [
    ["Match", one.matchConfig],
    ["Link", one.linkConfig],
    ["Network", { ...one.networkConfig, ...given }],
    ...one.addresses.map((address): Section => ["Address", address]),
    ...one.routes.map((route): Section => ["Route", route]),
    ["DHCPv4", one.dhcpV4Config],
    ["DHCPv6", one.dhcpV6Config],
    ["IPv6AcceptRA", one.ipv6AcceptRAConfig],
  ];
}
