/** What a network's unit runs: POSIX shell, from the store, without Node. */

import { splitCidr } from "../../options/address-types.ts";
import { quoteWord } from "../../os/processes.ts";
import { networkNames } from "../../paths.ts";
import { PROLOGUE } from "../../runner/prologue.ts";
import { type Program, programWords } from "../../runner/words.ts";
import { networkdName } from "./networkd.ts";
import { forwards, reachesLoopback, tableName } from "./nftables.ts";
import type { PlannedNetwork } from "./planned-network.ts";

/** The programs of a network. */
export interface NetworkPrograms {
  readonly ip: Program;
  readonly nft: Program;
  readonly dnsmasq: Program;
}

/** Before everything: where things are, and what all scripts do. */
function prologue(script: string, network: PlannedNetwork, programs: NetworkPrograms): string {
  return `${PROLOGUE}
bridge=${quoteWord(network.bridge)}
net=/sys/class/net
sysctl=/proc/sys/net
# Root's own: the server may write to its runtime directory, and root follows nothing from there.
notes=${networkNames.notes}
ports=$notes/${network.name}.ports
: "$bridge" "$net" "$sysctl" "$ports"
fail() {
  echo "${script}: $1" >&2
  exit 1
}
run_ip() {
  ${programWords(programs.ip)} "$@"
}
run_nft() {
  ${programWords(programs.nft)} "$@"
}
# Whether the bridge is the one that this network made.
is_ours() {
  case $(cat "$net/$bridge/ifalias" 2>/dev/null) in
    ${quoteWord(aliasOf(network))} | ${quoteWord(`${aliasOf(network)} isolated`)}) return 0 ;;
  esac
  [ -e /etc/systemd/network/${networkdName(network.name)}.netdev ]
}
`;
}

/** By its alias a bridge is known as ours, and `tap-up` knows whether VMs are kept apart. */
function aliasOf({ name }: PlannedNetwork): string {
  return `microvm network ${name}`;
}

/** `network-up`: makes the network, or makes an existing one what it should be. */
export function upScript(network: PlannedNetwork, programs: NetworkPrograms): string {
  return [
    prologue("network-up", network, programs),
    CHECKS(network),
    // Before the network is there, and before anything is forwarded.
    `run_nft -f "$(dirname "$(dirname "$0")")/share/rules.nft"\n`,
    bridgeLines(network),
    forwards(network) ? FORWARDING_ON(network.name) : "",
    reachesLoopback(network) ? 'echo 1 >"$sysctl/ipv4/conf/$bridge/route_localnet"\n' : "",
    portLines(network),
  ].join("");
}

/** What must not be there already. */
const CHECKS = ({ name, options: { subnet } }: PlannedNetwork) => `
if [ -e "$net/$bridge" ]; then
  is_ours || fail "the interface \\"$bridge\\" is there, and not made by microvm"
fi
# Everything that this host reaches elsewhere, and that the network would hide.
clash=$(run_ip -4 route show root ${subnet} | grep -v " dev $bridge " | head -n 1)
[ -z "$clash" ] || fail "the subnet ${subnet} of the network \\"${name}\\" is in use on this host: $clash"
`;

/** Where networkd runs it makes the bridge, from its own files; what is missing after that is made here. */
function bridgeLines(network: PlannedNetwork): string {
  const { options, gateway, gateway6 } = network;
  const { prefixLength } = splitCidr(options.subnet);
  return `
if [ ! -e "$net/$bridge" ] && systemctl is-active --quiet systemd-networkd.service 2>/dev/null; then
  networkctl reload 2>/dev/null || :
  tries=0
  while [ ! -e "$net/$bridge" ] && [ "$tries" -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
fi
[ -e "$net/$bridge" ] || run_ip link add name "$bridge" address ${network.mac} type bridge
run_ip link set dev "$bridge" alias ${quoteWord(options.isolated ? `${aliasOf(network)} isolated` : aliasOf(network))}
run_ip address replace ${gateway}/${prefixLength} brd + dev "$bridge"
${
  gateway6 === null
    ? `[ ! -e "$sysctl/ipv6/conf/$bridge" ] || echo 1 >"$sysctl/ipv6/conf/$bridge/disable_ipv6"
`
    : `echo 0 >"$sysctl/ipv6/conf/$bridge/accept_ra"
run_ip -6 address replace ${gateway6}/64 dev "$bridge" nodad
`
}run_ip link set dev "$bridge" up
`;
}

/** The host forwards while a network needs it; whoever switched it on before keeps it. */
const FORWARDING_ON = (name: string) => `
mkdir -p "$notes"
if [ "$(cat "$sysctl/ipv4/ip_forward")" = 0 ]; then
  : >"$notes/forwarding-was-off"
  echo 1 >"$sysctl/ipv4/ip_forward"
fi
: >"$notes/${name}.forwards"
`;

/** Taps of VMs that ran on while the bridge was gone. */
function portLines({ members, options: { isolated } }: PlannedNetwork): string {
  const taps = members.flatMap(({ tap }) => (tap === null ? [] : [quoteWord(tap)]));
  return `
for tap in ${[...taps, '$(cat "$ports" 2>/dev/null)'].join(" ")}; do
  if [ -e "$net/$tap/tun_flags" ] && [ ! -e "$net/$tap/master" ]; then
    run_ip link set dev "$tap" master "$bridge"
  fi
done
for port in "$net/$bridge/brif"/*; do
  [ ! -e "$port" ] || run_ip link set dev "\${port##*/}" type bridge_slave isolated ${isolated ? "on" : "off"}
done
rm -f "$ports"
`;
}

/** `network-down`: removes what `network-up` made. After a crash of the server the network stays: it is started anew. */
export function downScript(network: PlannedNetwork, programs: NetworkPrograms): string {
  const table = tableName(network.name);
  return `${prologue("network-down", network, programs)}
case \${SERVICE_RESULT:-success} in
  success) ;;
  *) [ "\${EXIT_CODE:-}" = "" ] || exit 0 ;;
esac
for family in inet bridge; do
  run_nft delete table "$family" ${table} 2>/dev/null || :
done
if [ -e "$net/$bridge" ] && is_ours; then
  # They are attached again when the network comes back before its VMs have gone.
  attached=$(ls "$net/$bridge/brif")
  if [ -n "$attached" ]; then
    mkdir -p "$notes"
    printf '%s\\n' "$attached" >"$ports"
  fi
  run_ip link delete dev "$bridge"
fi
if [ -e "$notes/${network.name}.forwards" ]; then
  rm "$notes/${network.name}.forwards"
  if [ -e "$notes/forwarding-was-off" ] && [ -z "$(find "$notes" -name '*.forwards')" ]; then
    echo 0 >"$sysctl/ipv4/ip_forward"
    rm "$notes/forwarding-was-off"
  fi
fi
`;
}

/**
 * `network-serve`: answers for addresses and names. It ends when that has begun, and its daemon goes on; with
 * `--keep-in-foreground` it is the daemon. Options are dnsmasq's.
 */
export function serveScript(network: PlannedNetwork, programs: NetworkPrograms): string {
  const onlyHere = network.gateway6 === null ? "" : ROUTER_LIFETIME;
  return `${prologue("network-serve", network, programs)}
run=\${RUNTIME_DIRECTORY:-${networkNames.runtimeDirectory}${network.name}}
set -- "$@" --conf-file="$(dirname "$(dirname "$0")")/share/dnsmasq.conf" \\
  --dhcp-leasefile="$run/leases" --pid-file="$run/pid" --log-facility=-
# Root only by hand: the unit gives it a user without rights.
if [ "$(id -u)" = 0 ]; then set -- "$@" --user=root; fi
${onlyHere}exec ${programWords(programs.dnsmasq)} "$@"
`;
}

/** VMs are told to send IPv6 packets to the host only where it forwards them. */
const ROUTER_LIFETIME = `if [ "$(cat "$sysctl/ipv6/conf/all/forwarding")" = 0 ]; then
  set -- "$@" --ra-param="$bridge,0,0"
fi
`;
