/** Which VMs are on a network, by their interfaces and by the host's own word. */
import { isInNetwork, splitCidr } from "../../options/address-types.ts";
import { addressFault } from "../../options/network-assertions.ts";
import type { NetworksConfig } from "../../options/networks.ts";
import { macAddress } from "../../plan/identity.ts";
import type { ConfiguredVm, Member } from "./planned-network.ts";

type Network = NetworksConfig["microvm"]["networks"][string];

/** The members of a network by name; what is wrong with them is added to `faults`. */
export function membersOf(
  name: string,
  network: Network,
  vms: readonly ConfiguredVm[],
  faults: string[],
): readonly Member[] {
  const own = vms.flatMap((vm) => ownMember(name, network, vm, faults));
  const others = Object.entries(network.hosts).flatMap(([vm, { mac, address }]): Member[] => {
    if (own.some((member) => member.vm === vm)) return [];
    if (mac !== null) return [{ vm, tap: null, mac: mac.toLowerCase(), declared: address }];
    faults.push(
      `"microvm.networks.${name}.hosts" has "${vm}", and no VM of that name is on the network here: give its "mac" if it is deployed from a "flake"`,
    );
    return [];
  });
  return [...own, ...others].sort((one, other) => (one.vm < other.vm ? -1 : 1));
}

function ownMember(
  name: string,
  { hosts, subnet }: Network,
  { name: vm, config }: ConfiguredVm,
  faults: string[],
): Member[] {
  const [nic, ...more] = config.microvm.interfaces.filter(({ network }) => network === name);
  if (!nic) return [];
  if (more.length > 0)
    faults.push(`The VM "${vm}" has ${more.length + 1} interfaces on the network "${name}": one is enough`);
  const said = hosts[vm]?.address ?? null;
  const ofGuest = guestAddress(config, nic.id, subnet);
  const fault = ofGuest === undefined ? undefined : addressFault(ofGuest, subnet);
  if (fault !== undefined) {
    faults.push(
      `The VM "${vm}" gives "networking.interfaces.${nic.id}" the address "${ofGuest}", ${fault} of the network "${name}"`,
    );
  }
  if (said !== null && ofGuest !== undefined && said !== ofGuest) {
    faults.push(
      `The VM "${vm}" has the address "${ofGuest}" by its "networking.interfaces.${nic.id}" and "${said}" by "microvm.networks.${name}.hosts": say it once`,
    );
  }
  return [{ vm, tap: nic.id, mac: macAddress(vm, nic.id, nic.mac), declared: said ?? ofGuest ?? null }];
}

/** The IPv4 address that a guest gives its interface: the first in the subnet, else the first. */
function guestAddress(
  { networking }: ConfiguredVm["config"],
  id: string,
  subnet: string,
): string | undefined {
  const { address: first, prefixLength } = splitCidr(subnet);
  const addresses = (networking.interfaces[id]?.ipv4.addresses ?? []).map(({ address }) => address);
  return addresses.find((address) => isInNetwork(address, first, prefixLength)) ?? addresses[0];
}
