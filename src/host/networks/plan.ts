/** From a host's networks and its VMs to networks with every address decided. Pure. */
import { MicrovmError } from "../../errors.ts";
import { bridgeName } from "../../hypervisors/network-names.ts";
import { combineFaults, suggest } from "../../module-system/index.ts";
import { addressNumber, ipv4Text, splitCidr } from "../../options/address-types.ts";
import type { NetworksConfig } from "../../options/networks.ts";
import { macAddress } from "../../plan/identity.ts";
import { decideAddresses } from "./addresses.ts";
import { membersOf } from "./members.ts";
import {
  type ConfiguredVm,
  hostNameOf,
  type PlannedForwarding,
  type PlannedMember,
  type PlannedNetwork,
} from "./planned-network.ts";

type Networks = NetworksConfig["microvm"]["networks"];

/**
 * The networks of a host. `vms` are those that it declares in full; others have an address of their own only with an
 * entry in `hosts`. Errors: `config-invalid`, all faults at once.
 */
export function planNetworks(networks: Networks, vms: readonly ConfiguredVm[]): readonly PlannedNetwork[] {
  const faults: string[] = [...unknownNetworks(networks, vms), ...portsOfGuests(networks, vms)];
  const planned = Object.entries(networks).map(([name, options]): PlannedNetwork => {
    const members = decideAddresses(name, options, membersOf(name, options, vms, faults), faults);
    const { address, prefixLength } = splitCidr(options.subnet);
    const first = addressNumber(address);
    return {
      name,
      bridge: bridgeName(name),
      mac: macAddress(bridgeName(name), "host", null),
      options,
      gateway: ipv4Text(first + 1n),
      gateway6: options.subnet6 === null ? null : firstAddress6(options.subnet6),
      range: [ipv4Text(first + 2n), ipv4Text(first + (1n << BigInt(32 - prefixLength)) - 2n)],
      members,
      forwardings: forwardings(name, options, members, faults),
    };
  });
  if (faults.length > 0)
    throw combineFaults(faults.map((fault) => new MicrovmError("config-invalid", fault)));
  return planned;
}

/** What was decided, a line for each VM: `NETWORK: VM ADDRESS (NAME.DOMAIN)`. */
export function addressLines(networks: readonly PlannedNetwork[]): readonly string[] {
  return networks.flatMap(({ name, members, options: { dns, domain } }) =>
    members.map(
      ({ vm, address }) => `${name}: ${vm} ${address}${dns ? ` (${hostNameOf(vm)}.${domain})` : ""}`,
    ),
  );
}

function unknownNetworks(networks: Networks, vms: readonly ConfiguredVm[]): string[] {
  const known = Object.keys(networks);
  return vms.flatMap(({ name, config }) =>
    config.microvm.interfaces.flatMap(({ network }, index) => {
      if (network === null || Object.hasOwn(networks, network)) return [];
      const near = suggest(network, known);
      const help =
        near === undefined ? `: declare "microvm.networks.${network}"` : `; did you mean "${near}"`;
      return [
        `The VM "${name}" is on the network "${network}" by "microvm.interfaces.${index}", and the host has none of that name${help}`,
      ];
    }),
  );
}

/** A port of the host that a network forwards, and a guest by itself. */
function portsOfGuests(networks: Networks, vms: readonly ConfiguredVm[]): string[] {
  return Object.entries(networks).flatMap(([name, { forwardPorts }]) =>
    forwardPorts.flatMap(({ proto, host }, index) => {
      const other = vms.find(({ config }) =>
        config.microvm.forwardPorts.some(
          (one) =>
            one.from === "host" &&
            one.proto === proto &&
            one.host.port === host.port &&
            (host.address === null || isAnyAddress(one.host.address) || host.address === one.host.address),
        ),
      );
      if (!other) return [];
      return [
        `"microvm.networks.${name}.forwardPorts.${index}" forwards the ${proto.toUpperCase()} port ${host.port} of the host, which "microvm.forwardPorts" of the VM "${other.name}" does, too`,
      ];
    }),
  );
}

const isAnyAddress = (address: string) => address === "" || address === "0.0.0.0";

function firstAddress6(subnet6: string): string {
  const { address } = splitCidr(subnet6);
  return address.endsWith("::") ? `${address}1` : `${address.replace(/(:0)+$/, "")}::1`;
}

function forwardings(
  network: string,
  { forwardPorts }: Networks[string],
  members: readonly PlannedMember[],
  faults: string[],
): PlannedForwarding[] {
  return forwardPorts.flatMap(({ proto, host, vm, guest }, index) => {
    const member = members.find((one) => one.vm === vm);
    if (member) return [{ proto, ...host, to: member.address, toPort: guest.port }];
    const names = members.map((one) => one.vm);
    const near = suggest(vm, names);
    faults.push(
      `"microvm.networks.${network}.forwardPorts.${index}" leads to the VM "${vm}", which is not on that network${near === undefined ? "" : `; did you mean "${near}"`}`,
    );
    return [];
  });
}
