/** Names on the host that a network's own unit and the runners of its VMs must agree on. */
import { createHash } from "node:crypto";

/** Longest name of an interface (IFNAMSIZ in Linux's if.h, less the zero at its end). */
const LONGEST = 15;

/** Name of a network's bridge: `mv-NAME`, shortened with a hash when the kernel would not take it. */
export function bridgeName(network: string): string {
  const name = `mv-${network}`;
  if (name.length <= LONGEST) return name;
  const hash = createHash("sha256").update(network).digest("hex").slice(0, 6);
  return `${name.slice(0, LONGEST - 7)}-${hash}`;
}
