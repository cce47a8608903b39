/** Queues of a machine's interfaces, and the descriptors by which a hypervisor is handed its macvtaps. */
import type { Interface, MachineSpec } from "./machine.ts";

/** Most queues of one tap (MAX_TAP_QUEUES in Linux's drivers/net/tun.c). */
const TAP_QUEUES = 256;

/**
 * Descriptors for macvtaps, the last first: POSIX shell names those up to 9, 0 to 2 are the standard ones, and 3 is
 * left to whoever starts the runner.
 */
const DESCRIPTORS = [9, 8, 7, 6, 5, 4] as const;

/** How many interfaces of the type `macvtap` a machine can have. */
export const MOST_MACVTAPS = DESCRIPTORS.length;

type Machine = Pick<MachineSpec, "vcpu" | "interfaces">;

/** Pairs of queues of an interface: one for each virtual CPU, as far as there are descriptors for a macvtap. */
export function interfaceQueues({ type }: Interface, { vcpu, interfaces }: Machine): number {
  if (type !== "macvtap") return Math.min(vcpu, TAP_QUEUES);
  const macvtaps = interfaces.filter((nic) => nic.type === "macvtap").length;
  return Math.min(vcpu, Math.floor(DESCRIPTORS.length / macvtaps));
}

/** The descriptors of each macvtap by its id: one for each pair of queues. */
export function macvtapDescriptors(machine: Machine): Readonly<Record<string, readonly number[]>> {
  const macvtaps = machine.interfaces.filter(({ type }) => type === "macvtap");
  return Object.fromEntries(
    macvtaps.map((nic, index) => {
      const queues = interfaceQueues(nic, machine);
      return [nic.id, DESCRIPTORS.slice(index * queues, (index + 1) * queues)];
    }),
  );
}
