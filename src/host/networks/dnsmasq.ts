/** The configuration of a network's dnsmasq, which answers for addresses and names, on its bridge and nowhere else. */
import { splitCidr } from "../../options/address-types.ts";
import { hostNameOf, type PlannedNetwork } from "./planned-network.ts";

/** How long a VM keeps its address. Names and addresses of declared VMs never change, so nothing depends on it. */
const LEASE = "12h";

/** The text of dnsmasq.conf(8). */
export function dnsmasqConfiguration(network: PlannedNetwork): string {
  const { options, bridge, gateway, gateway6 } = network;
  return [
    `# The network "${network.name}".`,
    `interface=${bridge}`,
    "except-interface=lo",
    "bind-interfaces",
    `listen-address=${[gateway, ...(gateway6 === null ? [] : [gateway6])].join(",")}`,
    "no-hosts",
    ...(options.dns ? names(network) : ["port=0"]),
    ...(options.dhcp ? leases(network) : []),
    ...(options.dhcp && options.subnet6 !== null
      ? ["enable-ra", `dhcp-range=${splitCidr(options.subnet6).address},ra-stateless,ra-names,64,${LEASE}`]
      : []),
    "",
  ].join("\n");
}

function names({ options: { domain, nameservers }, members, gateway }: PlannedNetwork): string[] {
  return [
    `domain=${domain}`,
    `local=/${domain}/`,
    "domain-needed",
    "bogus-priv",
    ...(nameservers.length > 0 ? ["no-resolv", ...nameservers.map((server) => `server=${server}`)] : []),
    `host-record=host.${domain},${gateway}`,
    ...members.map(
      ({ vm, address }) => `host-record=${hostNameOf(vm)}.${domain},${hostNameOf(vm)},${address}`,
    ),
  ];
}

function leases({ options, range, members, gateway }: PlannedNetwork): string[] {
  const { prefixLength } = splitCidr(options.subnet);
  const [first, last] = range;
  return [
    "dhcp-authoritative",
    // What a VM says of itself is not believed: names are the host's to give.
    "dhcp-ignore-names",
    // Answers to everybody need no right to write the kernel's table of neighbours.
    "dhcp-broadcast",
    "no-ping",
    `dhcp-range=${first},${last},${netmask(prefixLength)},${LEASE}`,
    options.nat ? `dhcp-option=option:router,${gateway}` : "dhcp-option=option:router",
    ...nameServers(options, gateway),
    ...members.map(({ vm, mac, address }) => `dhcp-host=${mac},${address},${hostNameOf(vm)}`),
  ];
}

function nameServers({ dns, domain, nameservers }: PlannedNetwork["options"], gateway: string): string[] {
  if (dns) return [`dhcp-option=option:dns-server,${gateway}`, `dhcp-option=option:domain-search,${domain}`];
  const ipv4 = nameservers.filter((server) => !server.includes(":"));
  return [["dhcp-option=option:dns-server", ...ipv4].join(",")];
}

function netmask(prefixLength: number): string {
  const bits = (0xffffffff << (32 - prefixLength)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}
