/** A guest's addresses, as its agent tells them. */
import type { AgentChannel } from "./agent-channel.ts";
import { isObject } from "./agent-connection.ts";

/** An address of an interface of the guest. */
export interface GuestAddress {
  readonly interface: string;
  /** IPv4 or IPv6. */
  readonly address: string;
  readonly prefixLength: number;
}

/** More than that are left out: a guest may say what it likes. */
const MOST = 64;

/** Names of interfaces as Linux has them, without what a terminal would take for more than a letter. */
const INTERFACE = /^[\w.@:-]{1,15}$/;

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]{2,39})$/i;

/** The addresses of all interfaces, but those that only the guest itself or one link knows. */
export async function askAddresses(channel: AgentChannel): Promise<readonly GuestAddress[]> {
  const said = await channel.ask("guest-network-get-interfaces", {});
  const interfaces = Array.isArray(said) ? said.slice(0, MOST) : [];
  return interfaces.flatMap((one) => (isObject(one) ? addressesOf(one) : [])).slice(0, MOST);
}

function addressesOf({ name, "ip-addresses": listed }: Record<string, unknown>): GuestAddress[] {
  if (typeof name !== "string" || !INTERFACE.test(name) || name === "lo" || !Array.isArray(listed)) return [];
  return listed.filter(isObject).flatMap(({ "ip-address": address, prefix }) => {
    if (typeof address !== "string" || !ADDRESS.test(address) || /^fe[89ab]/i.test(address)) return [];
    return typeof prefix === "number" ? [{ interface: name, address, prefixLength: prefix }] : [];
  });
}
