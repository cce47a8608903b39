/** What two VMs of one host cannot both have. */
import type { GuestConfig } from "./guest.ts";

/** A VM with its evaluated guest. */
export interface HostGuest {
  readonly name: string;
  readonly config: GuestConfig;
}

/** A VM that is installed and not evaluated now, as its runner tells of its machine. */
export interface InstalledMachine {
  readonly name: string;
  readonly interfaces: readonly Pick<Nic, "type" | "id" | "mac">[];
  /** In the VM's own directory, or below the store (`{ store }`), unless the path is absolute. */
  readonly disks: readonly {
    readonly image: { readonly file?: string; readonly store?: string };
    readonly readOnly: boolean;
  }[];
  readonly forwardPorts: readonly ForwardedPort[];
  readonly vsockCid: number | null;
}

type Nic = GuestConfig["microvm"]["interfaces"][number];
type ForwardedPort = Pick<GuestConfig["microvm"]["forwardPorts"][number], "from" | "proto" | "host">;

/** Something of the host's that a VM takes for itself. */
interface Claim {
  readonly vm: string;
  /** For a person: `the tap interface "vm-web"`. */
  readonly what: string;
  /** Equal for what cannot be had twice. */
  readonly key: string;
}

/** A sentence for each thing that several VMs take, which names all of them; in the order of the VMs. */
export function hostConflicts(
  guests: readonly HostGuest[],
  installed: readonly InstalledMachine[] = [],
): string[] {
  const machines = [...guests.map(machineOf), ...installed];
  const everywhere = new Set(machines.flatMap(portsOf).flatMap(({ port, any }) => (any ? [port] : [])));
  const all = machines.flatMap((machine) => [...claimsOf(machine), ...portClaims(machine, everywhere)]);
  const claims = Map.groupBy(all, ({ key }) => key);
  return [...claims.values()].flatMap((same) => {
    const vms = [...new Set(same.map(({ vm }) => `"${vm}"`))];
    if (vms.length < 2) return [];
    return [`${vms.slice(0, -1).join(", ")} and ${vms.at(-1)} of one host have ${same[0]!.what}`];
  });
}

/** A guest as its runner would tell of it. A hardware address that is made from the VM's name is no other's. */
function machineOf({ name, config: { microvm } }: HostGuest) {
  const { cid = null } = (microvm as { readonly vsock?: { readonly cid?: number | null } }).vsock ?? {};
  const disks = microvm.volumes.map(({ image, readOnly }) => ({ image: { file: image }, readOnly }));
  const { interfaces, forwardPorts } = microvm;
  return { name, interfaces, disks, forwardPorts, vsockCid: cid };
}

type Machine = InstalledMachine | ReturnType<typeof machineOf>;

/** The host's ports that lead to a VM, and whether at all of its addresses. */
function portsOf({ forwardPorts }: Machine) {
  return forwardPorts
    .filter(({ from }) => from === "host")
    .map(({ proto, host: { port, address } }) => ({
      port: `${port}/${proto}`,
      address,
      any: address === "" || address === "0.0.0.0",
    }));
}

/** One at all addresses takes the same port of each. */
function portClaims(machine: Machine, everywhere: ReadonlySet<string>): Claim[] {
  return portsOf(machine).map(({ port, address }) => {
    const what = `the forwarded port ${port} of "${everywhere.has(port) ? "any" : address}"`;
    return { vm: machine.name, what, key: what };
  });
}

function claimsOf({ name: vm, interfaces, disks, vsockCid }: Machine) {
  const claim = (what: string, key = what): Claim => ({ vm, what, key });
  return [
    ...interfaces.flatMap(({ type, id, mac }) => [
      ...(type === "tap" || type === "macvtap" ? [claim(`the interface "${id}"`)] : []),
      ...(mac === null ? [] : [claim(`the hardware address "${mac.toLowerCase()}"`)]),
    ]),
    // One that nobody writes to can be shared.
    ...disks.flatMap(({ image: { file }, readOnly }) =>
      file?.startsWith("/") && !readOnly ? [claim(`the volume "${file}"`)] : [],
    ),
    ...(vsockCid === null ? [] : [claim(`the vsock cid ${vsockCid}`)]),
  ];
}
