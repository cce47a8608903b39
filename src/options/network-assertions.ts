/** Faults of the host's networks that no single type can see. */
import { bridgeName } from "../hypervisors/network-names.ts";
import { addressNumber, isInNetwork, splitCidr } from "./address-types.ts";
import type { Assertion } from "./guest/name-assertions.ts";
import { NETWORK_NAME } from "./network-name.ts";
import type { NetworksConfig } from "./networks.ts";

type Networks = NetworksConfig["microvm"]["networks"];
type Network = Networks[string];

const failed = (message: string): Assertion => ({ assertion: false, message });
const optionOf = (name: string) => `microvm.networks.${name}`;

/** What must hold of a host's networks. */
export const networkChecks = ({ config }: { readonly config: NetworksConfig }) => ({
  config: { assertions: () => networkAssertions(config.microvm.networks) },
});

/** One assertion for each fault, with the option at fault. */
function networkAssertions(networks: Networks): Assertion[] {
  const all = Object.entries(networks);
  return [
    ...all.flatMap(([name, network]) => [
      ...names(name),
      ...subnets(name, network),
      ...addresses(name, network),
      ...egress(name, network),
    ]),
    ...all.flatMap(([name, network], index) => overlaps(name, network, all.slice(0, index))),
    ...forwardedTwice(networks),
  ];
}

function names(name: string): Assertion[] {
  if (NETWORK_NAME.check(name)) return [];
  return [
    failed(
      `"microvm.networks" has ${JSON.stringify(name)}, which is no name of a network: it has at most 32 small letters, digits and dashes`,
    ),
  ];
}

/** Largest and smallest IPv4 subnet: a class A, and one with room for a VM beside the host. */
const [SHORTEST, LONGEST] = [8, 30];

function subnets(name: string, { subnet, subnet6 }: Network): Assertion[] {
  const option = optionOf(name);
  const { prefixLength } = splitCidr(subnet);
  return [
    ...(prefixLength < SHORTEST || prefixLength > LONGEST
      ? [
          failed(
            `"${option}.subnet" is "${subnet}": its prefix length must be from ${SHORTEST} to ${LONGEST}`,
          ),
        ]
      : []),
    ...(hasHostBits(subnet)
      ? [failed(`"${option}.subnet" is "${subnet}", an address within a subnet: write the first one`)]
      : []),
    ...(subnet6 !== null && (splitCidr(subnet6).prefixLength !== 64 || hasHostBits(subnet6))
      ? [failed(`"${option}.subnet6" is "${subnet6}": it must be the first address of a subnet, with "/64"`)]
      : []),
  ];
}

function hasHostBits(subnet: string): boolean {
  const { address, prefixLength } = splitCidr(subnet);
  const bits = address.includes(":") ? 128 : 32;
  return addressNumber(address) % (1n << BigInt(bits - prefixLength)) !== 0n;
}

function addresses(name: string, { subnet, hosts }: Network): Assertion[] {
  const declared = Object.entries(hosts).flatMap(([vm, { address }]) =>
    address === null ? [] : [{ vm, address }],
  );
  return declared.flatMap(({ vm, address }, index) => {
    const option = `${optionOf(name)}.hosts.${vm}.address`;
    const first = declared.slice(0, index).find((other) => other.address === address);
    const fault = addressFault(address, subnet);
    return [
      ...(fault === undefined ? [] : [failed(`"${option}" is "${address}", ${fault}`)]),
      ...(first ? [failed(`"${option}" is "${address}", which "${first.vm}" has, too`)] : []),
    ];
  });
}

/** Why a VM cannot have an address in a subnet; undefined when it can. */
export function addressFault(address: string, subnet: string): string | undefined {
  const { address: first, prefixLength } = splitCidr(subnet);
  if (!isInNetwork(address, first, prefixLength)) return `which is outside of the subnet "${subnet}"`;
  const index = addressNumber(address) - addressNumber(first);
  if (index === 0n) return `which names the subnet "${subnet}" itself`;
  if (index === 1n) return "which is the host's own";
  if (index === (1n << BigInt(32 - prefixLength)) - 1n) return `which is for all of the subnet "${subnet}"`;
  return undefined;
}

function egress(name: string, { egress: { rules } }: Network): Assertion[] {
  return rules.flatMap(({ proto, ports }, index) =>
    proto !== null || ports.length === 0
      ? []
      : [failed(`"${optionOf(name)}.egress.rules.${index}" has ports: say of which "proto"`)],
  );
}

function overlaps(
  name: string,
  network: Network,
  others: readonly (readonly [string, Network])[],
): Assertion[] {
  return others.flatMap(([other, { subnet, subnet6 }]) => [
    ...(overlap(subnet, network.subnet)
      ? [
          failed(
            `"${optionOf(name)}.subnet" is "${network.subnet}", which overlaps with "${subnet}" of "${other}"`,
          ),
        ]
      : []),
    ...(subnet6 !== null && network.subnet6 !== null && overlap(subnet6, network.subnet6)
      ? [failed(`"${optionOf(name)}.subnet6" is "${network.subnet6}", which "${other}" has, too`)]
      : []),
    ...(bridgeName(name) === bridgeName(other)
      ? [
          failed(
            `"${name}" and "${other}" of "microvm.networks" come to the same name of a bridge: rename one`,
          ),
        ]
      : []),
  ]);
}

/** Whether two subnets of one family have addresses in common. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [splitCidr(one), splitCidr(other)];
  return isInNetwork(a.address, b.address, Math.min(a.prefixLength, b.prefixLength));
}

function forwardedTwice(networks: Networks): Assertion[] {
  const all = Object.entries(networks).flatMap(([name, { forwardPorts }]) =>
    forwardPorts.map((forwarded, index) => ({
      option: `${optionOf(name)}.forwardPorts.${index}`,
      ...forwarded,
    })),
  );
  return all.flatMap(({ option, proto, host }, index) => {
    const first = all
      .slice(0, index)
      .find(
        (one) => one.proto === proto && one.host.port === host.port && meet(one.host.address, host.address),
      );
    if (!first) return [];
    return [
      failed(
        `"${option}" forwards the ${proto.toUpperCase()} port ${host.port} of the host, which "${first.option}" does, too`,
      ),
    ];
  });
}

/** Null is every address. */
function meet(one: string | null, other: string | null): boolean {
  return one === null || other === null || one === other;
}
