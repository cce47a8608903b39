/** The rules of a network, in tables of its own, which no other rule of the host is in. */
import type { PlannedForwarding, PlannedNetwork } from "./planned-network.ts";

/** Name of a network's tables, of the families `inet` and `bridge`. */
export function tableName(network: string): string {
  return `microvm-${network}`;
}

/** Whether the host forwards packets for the network. */
export function forwards({ options, forwardings }: PlannedNetwork): boolean {
  return options.nat || forwardings.length > 0;
}

/** Whether the host's own programs reach forwarded ports at 127.0.0.1. */
export function reachesLoopback({ forwardings }: PlannedNetwork): boolean {
  return forwardings.some(({ address }) => address === null || address.startsWith("127."));
}

const NO = "reject with icmpx admin-prohibited";

/** The rules as nft(8) reads them, in place of former ones at one instant. */
export function rules(network: PlannedNetwork): string {
  return [
    table("inet", network, [
      chain("before", "filter hook prerouting priority -300", loopbackGuard(network)),
      chain("input", "filter hook input priority 0", input(network)),
      chain("forward", "filter hook forward priority 0", forward(network)),
      chain("ports", "nat hook prerouting priority -100", forwardedPorts(network)),
      chain("own-ports", "nat hook output priority -100", forwardedPorts(network)),
      chain("leaving", "nat hook postrouting priority 100", masquerade(network)),
    ]),
    ...(network.options.checkSources
      ? [
          table("bridge", network, [
            chain("sources", "filter hook prerouting priority -300", sources(network)),
          ]),
        ]
      : []),
  ].join("");
}

function table(family: string, { name }: PlannedNetwork, chains: readonly string[]): string {
  const own = `${family} ${tableName(name)}`;
  return `table ${own} {\n}\ndelete table ${own}\ntable ${own} {\n${chains.join("")}}\n`;
}

function chain(name: string, hook: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return [
    `\tchain ${name} {`,
    `\t\ttype ${hook}; policy accept`,
    ...lines.map((line) => `\t\t${line}`),
    "\t}",
    "",
  ].join("\n");
}

/** Where the kernel is told to route 127.0.0.1, nobody but the host itself may send there. */
function loopbackGuard({ bridge }: PlannedNetwork): string[] {
  return [`iifname "${bridge}" ip daddr 127.0.0.0/8 drop`];
}

/** What VMs send to the host itself. */
function input(network: PlannedNetwork): string[] {
  const { bridge, gateway, gateway6, options } = network;
  return [
    `iifname != "${bridge}" accept`,
    "ct state established,related accept",
    ...(options.dhcp ? ["udp dport 67 accept"] : []),
    ...(options.dhcp && gateway6 !== null ? ["udp dport 547 accept"] : []),
    ...(options.dns ? [`ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept`] : []),
    ...(options.dns && gateway6 !== null
      ? [`ip6 daddr ${gateway6} meta l4proto { tcp, udp } th dport 53 accept`]
      : []),
    // ICMP of both families: a host without /etc/protocols knows the second by its number only.
    "meta l4proto { 1, 58 } accept",
    ...(options.egress.host ? egress(network) : [NO]),
  ];
}

/** What is sent through the host. */
function forward(network: PlannedNetwork): string[] {
  const { bridge, options } = network;
  return [
    `iifname != "${bridge}" oifname != "${bridge}" accept`,
    "ct state established,related accept",
    "ct status dnat accept",
    `iifname "${bridge}" oifname "${bridge}" ${options.isolated ? NO : "accept"}`,
    // Nobody outside begins a connection, but through a forwarded port.
    `oifname "${bridge}" drop`,
    ...(options.nat ? egress(network) : [NO]),
  ];
}

function egress({
  options: {
    egress: { rules, default: otherwise },
  },
}: PlannedNetwork): string[] {
  return [
    ...rules.map(({ action, to, proto, ports }) =>
      [
        ...(to === null ? [] : [`${to.includes(":") ? "ip6" : "ip"} daddr ${to}`]),
        ...(proto === null
          ? []
          : [ports.length > 0 ? `${proto} dport { ${ports.join(", ")} }` : `meta l4proto ${proto}`]),
        action === "allow" ? "accept" : NO,
      ].join(" "),
    ),
    ...(otherwise === "deny" ? [NO] : []),
  ];
}

function forwardedPorts({ forwardings }: PlannedNetwork): string[] {
  const place = ({ address }: PlannedForwarding) =>
    address === null ? "fib daddr type local" : `ip daddr ${address}`;
  return forwardings.map(
    (one) =>
      `meta nfproto ipv4 ${place(one)} ${one.proto} dport ${one.port} dnat ip to ${one.to}:${one.toPort}`,
  );
}

function masquerade(network: PlannedNetwork): string[] {
  const { bridge, options } = network;
  const { subnet, subnet6, nat } = options;
  return [
    ...(nat ? [`ip saddr ${subnet} oifname != "${bridge}" masquerade`] : []),
    ...(nat && subnet6 !== null ? [`ip6 saddr ${subnet6} oifname != "${bridge}" masquerade`] : []),
    // Answers have to come back by the host: to itself at 127.0.0.1, and to a VM that asked at the host's address.
    ...(reachesLoopback(network) ? [`ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade`] : []),
    ...(network.forwardings.length > 0
      ? [`ip saddr ${subnet} ip daddr ${subnet} ct status dnat oifname "${bridge}" masquerade`]
      : []),
  ];
}

/** A VM sends from its own addresses only, and is neither router nor server of addresses. */
function sources({ members }: PlannedNetwork): string[] {
  return members.flatMap(({ tap, mac, address }) =>
    tap === null
      ? []
      : [
          `iifname "${tap}" ether saddr != ${mac} drop`,
          `iifname "${tap}" ip saddr != { ${address}, 0.0.0.0 } drop`,
          `iifname "${tap}" arp saddr ip != { ${address}, 0.0.0.0 } drop`,
          `iifname "${tap}" udp sport 67 drop`,
          `iifname "${tap}" icmpv6 type nd-router-advert drop`,
        ],
  );
}
