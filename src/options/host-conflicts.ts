/** What two VMs of one host cannot both have. */
import type { GuestConfig } from "./guest.ts";

/** A VM with its evaluated guest. */
export interface HostGuest {
  readonly name: string;
  readonly config: GuestConfig;
}

/** Something of the host's that a VM takes for itself. */
interface Claim {
  readonly vm: string;
  /** For a person: `the tap interface "vm-web"`. */
  readonly what: string;
  /** Equal for what cannot be had twice. */
  readonly key: string;
}

/** A sentence for each thing that several VMs take, which names all of them; in the order of the VMs. */
export function hostConflicts(guests: readonly HostGuest[]): string[] {
  const claims = Map.groupBy(guests.flatMap(claimsOf), ({ key }) => key);
  return [...claims.values()].flatMap((same) => {
    const vms = [...new Set(same.map(({ vm }) => `"${vm}"`))];
    if (vms.length < 2) return [];
    return [`${vms.slice(0, -1).join(", ")} and ${vms.at(-1)} of one host have ${same[0]!.what}`];
  });
}

function claimsOf({ name: vm, config: { microvm } }: HostGuest): Claim[] {
  const claim = (what: string, key = what): Claim => ({ vm, what, key });
  const interfaces = microvm.interfaces.flatMap(({ type, id, mac }) => [
    ...(type === "tap" || type === "macvtap" ? [claim(`the interface "${id}"`)] : []),
    ...(mac === null ? [] : [claim(`the hardware address "${mac.toLowerCase()}"`)]),
  ]);
  const volumes = microvm.volumes
    // One that nobody writes to can be shared.
    .filter(({ image, readOnly }) => image.startsWith("/") && !readOnly)
    .map(({ image }) => claim(`the volume "${image}"`));
  const ports = microvm.forwardPorts
    .filter(({ from }) => from === "host")
    .map(({ proto, host }) =>
      claim(`the forwarded port ${host.port}/${proto} of "${host.address || "any"}"`),
    );
  const { cid = null } = (microvm as { readonly vsock?: { readonly cid?: number | null } }).vsock ?? {};
  return [...interfaces, ...volumes, ...ports, ...(cid === null ? [] : [claim(`the vsock cid ${cid}`)])];
}
