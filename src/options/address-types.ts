/** Types of network addresses: what they check is reported with the option and its file. */
import { makeType, type OptionType, types } from "../module-system/index.ts";

/** An IPv4 address from its number. */
export function ipv4Text(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".");
}

/** An address with a prefix length in its parts. */
export function splitCidr(cidr: string): { readonly address: string; readonly prefixLength: number } {
  const [address = "", length = ""] = cidr.split("/");
  return { address, prefixLength: Number(length) };
}

/** Whether a text is an IPv4 address in four decimal numbers, without leading zeros. */
function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

/** Whether a text is an IPv6 address without a zone. */
function isIpv6(text: string): boolean {
  return /^[0-9A-Fa-f:.]+$/.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
}

/** Whether a text is an address with a prefix length (`10.0.0.2/24`). */
function isCidr(text: string): boolean {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  return (isIpv4(address) && Number(length) <= 32) || (isIpv6(address) && Number(length) <= 128);
}

function textType(name: string, description: string, isValid: (text: string) => boolean): OptionType<string> {
  return makeType({
    name,
    description,
    check: (value) => typeof value === "string" && isValid(value),
    // Equal definitions are one.
    merge: types.str.merge,
    toJsonSchema: () => ({ type: "string" }),
  });
}

const isCidrOf = (isFamily: (address: string) => boolean) => (text: string) =>
  isCidr(text) && isFamily(splitCidr(text).address);

/** The types by name. */
export const addressTypes = {
  ipv4: textType("ipv4Address", "IPv4 address", isIpv4),
  ipv6: textType("ipv6Address", "IPv6 address", isIpv6),
  ip: textType("ipAddress", "IP address", (text) => isIpv4(text) || isIpv6(text)),
  cidr: textType("cidr", 'IP address with a prefix length, such as "10.0.0.2/24"', isCidr),
  subnet: textType("subnet", 'IPv4 subnet, such as "10.1.0.0/24"', isCidrOf(isIpv4)),
  subnet6: textType("subnet6", 'IPv6 subnet, such as "fd00:1::/64"', isCidrOf(isIpv6)),
} as const;

/** The same address in one form, so that two spellings of it can be compared. */
export function canonicalAddress(address: string): string {
  return isIpv6(address) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** Whether an address lies in the network of another with a prefix length; false for different families. */
export function isInNetwork(address: string, network: string, prefixLength: number): boolean {
  if (isIpv4(address) !== isIpv4(network)) return false;
  const bits = isIpv4(address) ? 32 : 128;
  const shift = BigInt(bits - prefixLength);
  return addressNumber(address) >> shift === addressNumber(network) >> shift;
}

/** An address of either family as a number. */
export function addressNumber(address: string): bigint {
  if (isIpv4(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  // The canonical form has no dotted part: eight groups, of which "::" leaves out the zeros.
  const [head = "", tail = ""] = canonicalAddress(address).split("::");
  const groups = (text: string) => text.split(":").filter(Boolean);
  const left = groups(head);
  const right = groups(tail);
  const zeros = Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}
