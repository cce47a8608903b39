/** Whether a network's subnet is in use on the host already: asked before anything is changed. */
import { MicrovmError } from "../../errors.ts";
import { overlap } from "../../options/network-assertions.ts";
import { readTextIfExists } from "../../os/files.ts";
import type { PlannedNetwork } from "./planned-network.ts";

/** A route of the host. */
export interface Route {
  readonly device: string;
  /** In the form `10.0.0.0/8`. */
  readonly to: string;
}

/** The host's IPv4 routes; its own addresses have some as well. */
function hostRoutes(): readonly Route[] {
  return parseRoutes(readTextIfExists("/proc/net/route") ?? "");
}

/** Reads `/proc/net/route`: addresses are numbers in hexadecimal digits, in the machine's order of bytes. */
export function parseRoutes(text: string): readonly Route[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [device, destination, , , , , , mask] = line.trim().split(/\s+/);
      if (device === undefined || destination === undefined || mask === undefined) return [];
      return [{ device, to: `${dotted(destination)}/${prefixLength(mask)}` }];
    });
}

/**
 * Refuses networks whose subnet the host reaches elsewhere, but by a wider route such as the default one. Bridges in
 * `going` are those of networks that end with this change. Errors: `network-clash`, all at once.
 */
export function checkClashes(
  networks: readonly PlannedNetwork[],
  going: readonly string[],
  routes: readonly Route[] = hostRoutes(),
): void {
  const faults = networks.flatMap(({ name, bridge, options: { subnet } }) =>
    routes
      .filter(
        ({ device, to }) =>
          device !== bridge && !going.includes(device) && !isWider(to, subnet) && overlap(to, subnet),
      )
      .slice(0, 1)
      .map(
        ({ device, to }) =>
          `"microvm.networks.${name}.subnet" is "${subnet}", and this host has "${to}" at its interface "${device}"`,
      ),
  );
  if (faults.length === 0) return;
  throw new MicrovmError("network-clash", faults.join("; "), {
    hint: "Choose another subnet, for instance one of 10.0.0.0/8 that nothing here uses",
  });
}

function isWider(route: string, subnet: string): boolean {
  return Number(route.split("/")[1]) < Number(subnet.split("/")[1]);
}

function dotted(hex: string): string {
  return Buffer.from(hex, "hex").reverse().join(".");
}

function prefixLength(hex: string): number {
  return Number.parseInt(hex, 16).toString(2).replaceAll("0", "").length;
}
