/** The rules of the firewall as text of nft(8). Pure. */

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Ports that are let in. */
export interface AllowedPorts {
  readonly allowedTCPPorts: readonly number[];
  readonly allowedUDPPorts: readonly number[];
  readonly allowedTCPPortRanges: readonly Range[];
  readonly allowedUDPPortRanges: readonly Range[];
}

/** What the firewall does: `networking.firewall`. */
export interface FirewallRules extends AllowedPorts {
  readonly interfaces: Readonly<Record<string, AllowedPorts>>;
  readonly trustedInterfaces: readonly string[];
  readonly allowPing: boolean;
  readonly pingLimit: string | null;
  readonly rejectPackets: boolean;
  readonly logRefusedConnections: boolean;
  readonly extraInputRules: string;
}

/** `/etc/nftables.conf`: the firewall's table, when there is a firewall, and the declared rules behind it. */
export function rulesetText(firewall: FirewallRules | undefined, ruleset: string): string {
  const parts = [
    "#!/usr/sbin/nft -f\n",
    "flush ruleset\n",
    ...(firewall ? [firewallTable(firewall)] : []),
    ...(ruleset.trim() === "" ? [] : [`# networking.nftables.ruleset\n${ruleset.trim()}\n`]),
  ];
  return parts.join("\n");
}

function firewallTable(firewall: FirewallRules): string {
  return `# networking.firewall
table inet firewall {
  chain input {
    type filter hook input priority filter; policy drop;

${indent(inputRules(firewall))}
  }

  chain input-allow {
${indent(allowRules(firewall))}
  }
}
`;
}

function inputRules({ trustedInterfaces, logRefusedConnections, rejectPackets }: FirewallRules): string[] {
  return [
    `iifname ${set(["lo", ...trustedInterfaces].map(quoted))} accept comment "trusted interfaces"`,
    "ct state vmap { invalid : drop, established : accept, related : accept, new : jump input-allow, untracked : jump input-allow }",
    ...(logRefusedConnections
      ? ['tcp flags & (fin | syn | rst | ack) == syn log level info prefix "refused connection: "']
      : []),
    ...(rejectPackets ? ["meta l4proto tcp reject with tcp reset", "reject"] : []),
  ];
}

function allowRules(firewall: FirewallRules): string[] {
  const { allowPing, pingLimit, extraInputRules } = firewall;
  const limit = pingLimit === null ? "" : ` limit rate ${pingLimit}`;
  return [
    ...portRules(firewall),
    ...Object.entries(firewall.interfaces).flatMap(([name, ports]) =>
      portRules(ports, `iifname ${quoted(name)} `),
    ),
    ...(allowPing ? [`icmp type echo-request${limit} accept comment "allow ping"`] : []),
    // RFC 4890, 4.4: everything but redirects, which move routes, and queries for names of the node.
    'icmpv6 type != { nd-redirect, 139 } accept comment "allow all ICMPv6 messages except redirects and node information queries"',
    'ip6 daddr fe80::/64 udp dport 546 accept comment "DHCPv6 client"',
    ...extraInputRules.split("\n").filter((line) => line.trim() !== ""),
  ];
}

function portRules(ports: AllowedPorts, prefix = ""): string[] {
  const rule = (protocol: string, single: readonly number[], ranges: readonly Range[]) => {
    const all = [...new Set(single)].map((port) => ({ from: port, to: port }));
    const elements = disjoint([...all, ...ranges]).map(({ from, to }) =>
      from === to ? `${from}` : `${from}-${to}`,
    );
    return elements.length === 0 ? [] : [`${prefix}${protocol} dport ${set(elements)} accept`];
  };
  return [
    ...rule("tcp", ports.allowedTCPPorts, ports.allowedTCPPortRanges),
    ...rule("udp", ports.allowedUDPPorts, ports.allowedUDPPortRanges),
  ];
}

/** In order and without overlaps, which nft refuses in a set. */
function disjoint(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last && from <= last.to) result[result.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else result.push({ from, to });
  }
  return result;
}

/** Whether a port is let in, on any interface that the firewall has rules for. */
export function isAllowed(firewall: FirewallRules, protocol: "tcp" | "udp", port: number): boolean {
  return [firewall, ...Object.values(firewall.interfaces)].some((ports) => {
    const [single, ranges] =
      protocol === "tcp"
        ? [ports.allowedTCPPorts, ports.allowedTCPPortRanges]
        : [ports.allowedUDPPorts, ports.allowedUDPPortRanges];
    return single.includes(port) || ranges.some(({ from, to }) => from <= port && port <= to);
  });
}

const set = (elements: readonly string[]) => `{ ${elements.join(", ")} }`;
const quoted = (name: string) => `"${name}"`;
const indent = (lines: readonly string[]) => lines.map((line) => `    ${line.trimEnd()}`).join("\n");
