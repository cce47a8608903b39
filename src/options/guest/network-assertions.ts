/** Faults of the network that no single type can see. */
import { canonicalAddress } from "../address-types.ts";
import type { GuestConfig } from "./arguments.ts";
import { type DefinedIn, definedIn } from "./defined-in.ts";
import { isAllowed } from "./firewall-rules.ts";
import { listenerAssertions } from "./listeners.ts";
import type { Assertion } from "./name-assertions.ts";
import { addressesOf, gatewayInterface } from "./network-interfaces.ts";

const failed = (message: string): Assertion => ({ assertion: false, message });

/** One assertion for each fault, with the files that are at fault. */
export function addressAssertions(config: GuestConfig, options: DefinedIn): Assertion[] {
  return [
    ...duplicateAddresses(config, options),
    ...gateways(config),
    ...portRanges(config),
    ...listenerAssertions(config, options),
    ...fileNames(config),
  ];
}

function duplicateAddresses({ networking, systemd }: GuestConfig, options: DefinedIn): Assertion[] {
  const all = [
    ...Object.entries(networking.interfaces).flatMap(([name, one]) =>
      addressesOf(one).map(({ address }) => ({ option: "networking.interfaces", name, address })),
    ),
    ...Object.entries(systemd.network.networks)
      .filter(([name]) => !Object.hasOwn(networking.interfaces, name.replace(/^40-/, "")))
      .flatMap(([name, one]) =>
        one.address.map((cidr) => ({
          option: "systemd.network.networks",
          name,
          address: cidr.split("/")[0]!,
        })),
      ),
  ];
  return all.flatMap(({ option, name, address }, index) => {
    const first = all
      .slice(0, index)
      .find((other) => canonicalAddress(other.address) === canonicalAddress(address));
    if (!first) return [];
    return [
      failed(
        `"${option}.${name}" has the address "${address}", which "${first.option}.${first.name}" has, too${definedIn(options, option, [name])}`,
      ),
    ];
  });
}

function gateways({ networking }: GuestConfig): Assertion[] {
  return (["defaultGateway", "defaultGateway6"] as const).flatMap((option) => {
    const gateway = networking[option];
    if (gateway === null) return [];
    const name = gatewayInterface(gateway, networking.interfaces);
    if (name !== undefined && Object.hasOwn(networking.interfaces, name)) return [];
    return [
      failed(
        name === undefined
          ? `"networking.${option}" is "${gateway.address}", which is in the network of no address in "networking.interfaces": say its "interface"`
          : `"networking.${option}.interface" is "${name}", which "networking.interfaces" does not have`,
      ),
    ];
  });
}

function portRanges({ networking: { firewall } }: GuestConfig): Assertion[] {
  const all = [
    ["", firewall] as const,
    ...Object.entries(firewall.interfaces).map(([name, ports]) => [`interfaces.${name}.`, ports] as const),
  ];
  return all.flatMap(([prefix, ports]) =>
    (["allowedTCPPortRanges", "allowedUDPPortRanges"] as const).flatMap((option) =>
      ports[option]
        .filter(({ from, to }) => from > to)
        .map(({ from, to }) =>
          failed(
            `"networking.firewall.${prefix}${option}" has a range from ${from} to ${to}: it ends before it begins`,
          ),
        ),
    ),
  );
}

/** Names become file names in `/etc`. */
function fileNames({ networking, systemd }: GuestConfig): Assertion[] {
  const { links, netdevs, networks } = systemd.network;
  const wrong = (option: string, named: object, pattern: RegExp, fault: string) =>
    Object.keys(named)
      .filter((name) => !pattern.test(name))
      .map((name) => failed(`"${option}" has ${JSON.stringify(name)}, which is no ${fault}`));
  const file = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/;
  const device = /^(?!\.{1,2}$)[A-Za-z0-9_.+@-]{1,15}$/;
  return [
    ...wrong("networking.interfaces", networking.interfaces, device, "name of an interface"),
    ...wrong(
      "networking.firewall.interfaces",
      networking.firewall.interfaces,
      device,
      "name of an interface",
    ),
    ...wrong("networking.hosts", networking.hosts, /^[0-9A-Fa-f:.]+$/, "address"),
    ...wrong("systemd.network.links", links, file, "name of a file"),
    ...wrong("systemd.network.netdevs", netdevs, file, "name of a file"),
    ...wrong("systemd.network.networks", networks, file, "name of a file"),
    ...wrong("systemd.tmpfiles.settings", systemd.tmpfiles.settings, file, "name of a file"),
  ];
}

/** Ports that the host forwards and the firewall refuses: the connection would hang. */
export function forwardingWarnings({ microvm, networking }: GuestConfig): string[] {
  const { firewall, nftables } = networking;
  const isOpen = !firewall.enable || !nftables.enable || firewall.extraInputRules.trim() !== "";
  if (isOpen || firewall.trustedInterfaces.length > 0) return [];
  return microvm.forwardPorts.flatMap(({ from, proto, guest }, index) => {
    if (from !== "host" || isAllowed(firewall, proto, guest.port)) return [];
    const option = proto === "tcp" ? "allowedTCPPorts" : "allowedUDPPorts";
    return [
      `"microvm.forwardPorts.${index}" leads to the guest's ${proto.toUpperCase()} port ${guest.port}, which the firewall refuses: add it to "networking.firewall.${option}"`,
    ];
  });
}
