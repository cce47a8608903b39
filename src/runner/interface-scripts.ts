/** The runner's scripts for what the host makes before the hypervisor starts: taps and macvtaps. Root runs them. */
import { interfaceQueues } from "../hypervisors/interface-queues.ts";
import type { Interface, MachineSpec } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";
import { PROLOGUE } from "./prologue.ts";
import { type Program, programWords } from "./words.ts";

/** Scripts by name; those of a kind that the machine has none of are absent. */
export function interfaceScripts(machine: MachineSpec, ip: Program): Readonly<Record<string, string>> {
  const taps = tapsOf(machine);
  const macvtaps = machine.interfaces.filter(({ type }) => type === "macvtap");
  const down = (script: string, nics: readonly Interface[]) =>
    `${prologue(script, ip)}${FUNCTIONS}${nics.map(({ id }) => `remove ${quoteWord(id)}\n`).join("")}`;
  return {
    ...(taps.length > 0 && {
      "tap-up": tapUp(taps, machine, ip),
      "tap-down": down("tap-down", taps),
    }),
    ...(macvtaps.length > 0 && {
      "macvtap-up": macvtapUp(macvtaps, machine, ip),
      "macvtap-down": down("macvtap-down", macvtaps),
    }),
  };
}

/** The interfaces that `tap-up` makes: those on a bridge are taps as well. */
export function tapsOf({ interfaces }: MachineSpec): readonly Interface[] {
  return interfaces.filter(({ type }) => type === "tap" || type === "bridge");
}

/** Words of `ip tuntap` that hold for all taps of a machine: microvm.nix's `tap-flags`. */
export function tapFlags(machine: MachineSpec): readonly string[] {
  return ["vnet_hdr", ...(machine.vcpu > 1 ? ["multi_queue"] : [])];
}

/** Who runs the hypervisor, and so owns what it uses: the unit says, else `microvm.user`, else the one who runs the script. */
export function ownerLine({ user }: Pick<MachineSpec, "user">): string {
  return `uid=$(id -u "\${MICROVM_USER:-${user === null ? "$(id -un)" : user}}")\n`;
}

/** Removes what a script of ours made, and nothing else. */
const FUNCTIONS = `net=/sys/class/net
fail() {
  echo "$script: $1" >&2
  exit 1
}
# Whether it is a tap or a macvtap: a person's own interface of that name is none.
is_ours() {
  [ -e "$net/$1/tun_flags" ] || [ -n "$(find "$net/$1/" -maxdepth 1 -name 'tap[0-9]*')" ]
}
# What is not there needs no removing; what a VM that was killed left behind is nobody's.
remove() {
  [ -e "$net/$1" ] || return 0
  is_ours "$1" || fail "\\"$1\\" is an interface of this host and no tap of the VM's: choose another id"
  if [ -e "$net/$1/tun_flags" ] && [ "$(cat "$net/$1/carrier" 2>/dev/null)" = 1 ]; then
    fail "The tap \\"$1\\" is in use: the VM runs already, or another one has the same id"
  fi
  run_ip link delete dev "$1"
}
`;

function prologue(script: string, ip: Program): string {
  return `${PROLOGUE}script=${script}
run_ip() {
  ${programWords(ip)} "$@"
}
`;
}

function tapUp(taps: readonly Interface[], machine: MachineSpec, ip: Program): string {
  const joins = taps.some(({ bridge }) => bridge !== undefined);
  return [
    prologue("tap-up", ip),
    ownerLine(machine),
    FUNCTIONS,
    joins ? JOIN : "",
    ...taps.map((nic) => {
      const id = quoteWord(nic.id);
      const queues = interfaceQueues(nic, machine) > 1 ? " multi_queue" : "";
      return [
        `remove ${id}`,
        ...(nic.bridge === undefined
          ? []
          : [`check_bridge ${quoteWord(nic.bridge)} ${quoteWord(nic.network ?? "")}`]),
        `run_ip tuntap add name ${id} mode tap user "$uid" vnet_hdr${queues}`,
        ...(nic.bridge === undefined ? [] : [`join ${id} ${quoteWord(nic.bridge)}`]),
        `run_ip link set dev ${id} up`,
        "",
      ].join("\n");
    }),
  ].join("");
}

/** A network's bridge says in its alias whether its VMs are kept apart. */
const JOIN = `# Bridge, and the name of the host's network that it is of, if it is of one.
check_bridge() {
  [ ! -e "$net/$1/bridge" ] || return 0
  [ -n "$2" ] || fail "The bridge \\"$1\\" is not there: make it before the VM starts"
  fail "The network \\"$2\\" is not set up on this host: declare it as \\"microvm.networks.$2\\" and run \\"microvm switch\\", or start \\"microvm-network-$2.service\\""
}
join() {
  run_ip link set dev "$1" master "$2" || { remove "$1"; fail "\\"$1\\" cannot join the bridge \\"$2\\""; }
  case $(cat "$net/$2/ifalias") in
    "microvm network "*" isolated") run_ip link set dev "$1" type bridge_slave isolated on ;;
  esac
}
`;

function macvtapUp(macvtaps: readonly Interface[], machine: MachineSpec, ip: Program): string {
  return [
    prologue("macvtap-up", ip),
    ownerLine(machine),
    FUNCTIONS,
    ...macvtaps.map(({ id, mac, macvtap }) => {
      const [name, link] = [quoteWord(id), quoteWord(macvtap!.link)];
      return `remove ${name}
[ -e "$net"/${link} ] || fail ${quoteWord(`The interface "${macvtap!.link}", which the macvtap "${id}" is on, is not there`)}
run_ip link add link ${link} name ${name} address ${mac} type macvtap mode ${macvtap!.mode}
run_ip link set dev ${name} allmulticast on
# The host itself has no address there.
if [ -e /proc/sys/net/ipv6/conf/${name}/disable_ipv6 ]; then
  echo 1 >/proc/sys/net/ipv6/conf/${name}/disable_ipv6
fi
run_ip link set dev ${name} up
chown "$uid" "/dev/tap$(cat "$net"/${name}/ifindex)"
`;
    }),
  ].join("");
}
