/** The address of each VM: as declared, else made from its name, so that it stays when other VMs come and go. */
import { createHash } from "node:crypto";
import { addressNumber, ipv4Text, splitCidr } from "../../options/address-types.ts";
import type { NetworksConfig } from "../../options/networks.ts";
import type { Member, PlannedMember } from "./planned-network.ts";

/** Addresses of a subnet that no VM can have: its own, the host's, and the one for all. */
const TAKEN = 3n;

/** The members with their addresses; what is wrong is added to `faults`. Of two that come to one, the later in the alphabet moves on. */
export function decideAddresses(
  network: string,
  { subnet }: Pick<NetworksConfig["microvm"]["networks"][string], "subnet">,
  members: readonly Member[],
  faults: string[],
): readonly PlannedMember[] {
  const { address, prefixLength } = splitCidr(subnet);
  const room = (1n << BigInt(32 - prefixLength)) - TAKEN;
  if (BigInt(members.length) > room) {
    faults.push(
      `"microvm.networks.${network}.subnet" is "${subnet}", too small: it has room for ${room} VMs, and ${members.length} are on it`,
    );
    return [];
  }
  const first = addressNumber(address) + 2n;
  const owners = new Map<string, string>();
  for (const { vm, declared } of members) {
    if (declared === null) continue;
    const owner = owners.get(declared);
    if (owner !== undefined) {
      faults.push(
        `The VMs "${owner}" and "${vm}" have one address on the network "${network}": "${declared}"`,
      );
    }
    owners.set(declared, vm);
  }
  return members.map((member) => {
    if (member.declared !== null) return { ...member, address: member.declared };
    let index = wished(member.vm, room);
    while (owners.has(ipv4Text(first + index))) index = (index + 1n) % room;
    const found = ipv4Text(first + index);
    owners.set(found, member.vm);
    return { ...member, address: found };
  });
}

function wished(vm: string, room: bigint): bigint {
  const digest = createHash("sha256").update(`microvm address ${vm}`).digest();
  return digest.readBigUInt64BE() % room;
}
