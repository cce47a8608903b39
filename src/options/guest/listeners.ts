/** Services that would listen on the same address and port. */
import { canonicalAddress } from "../address-types.ts";
import type { GuestConfig } from "./arguments.ts";
import { type DefinedIn, definitionFiles, optionName } from "./defined-in.ts";
import type { Assertion } from "./name-assertions.ts";

type Listener = GuestConfig["networking"]["listeners"][number];

/** One assertion for each pair of services that exclude each other, with the options and the files that say so. */
export function listenerAssertions({ networking }: GuestConfig, options: DefinedIn): Assertion[] {
  const all = networking.listeners;
  const pairs = all.flatMap((listener, index) => {
    const first = all.slice(0, index).find((other) => exclude(other, listener));
    return first ? [[first, listener] as const] : [];
  });
  const byServices = Map.groupBy(pairs, ([first, { service, protocol, port }]) =>
    [first.service, service, protocol, port].join(" "),
  );
  return [...byServices.values()].map((found) => {
    const [first, second] = found[0]!;
    const port = `${second.protocol.toUpperCase()} port ${second.port}`;
    const message = `${named(first, options)} and ${named(second, options)} both listen on the ${port}`;
    return { assertion: false, message };
  });
}

function exclude(one: Listener, other: Listener): boolean {
  if (one.service === other.service || one.protocol !== other.protocol || one.port !== other.port)
    return false;
  const [a, b] = [one, other].map(({ address }) => (address === null ? null : plainAddress(address)));
  return isEvery(a!, b!) || isEvery(b!, a!) || a === b;
}

const WILDCARDS: readonly string[] = ["0.0.0.0", "::", "*"];

/** Whether an address stands for all, and so for the other as well. One of IPv4 does not stand for IPv6. */
function isEvery(address: string | null, other: string | null): boolean {
  if (address === null || address === "*") return true;
  if (!WILDCARDS.includes(address)) return false;
  return other === null || other.includes(":") === address.includes(":");
}

function plainAddress(address: string): string {
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  if (bare === "localhost") return "127.0.0.1";
  return /^[0-9a-fA-F.:]+$/.test(bare) ? canonicalAddress(bare) : bare;
}

/** The option, with the files of the project that define it, or else the service. */
function named({ service, option: given }: Listener, options: DefinedIn): string {
  const option = given ?? service.split(".");
  const found = definitionFiles(options, option);
  const files = found.some((file) => !file.startsWith("src/options/"))
    ? found
    : definitionFiles(options, service.split("."));
  return `"${optionName(option)}"${files.length > 0 ? ` in ${files.map((file) => `"${file}"`).join(" and ")}` : ""}`;
}
