/** A network of the host with every address decided: what rules, scripts and units are made from. */
import type { GuestConfig } from "../../options/guest.ts";
import type { NetworksConfig } from "../../options/networks.ts";

/** A VM on a network, with what is declared of it. */
export interface Member {
  readonly vm: string;
  /** Its tap on the host; null for a VM that the host does not look into. */
  readonly tap: string | null;
  readonly mac: string;
  /** Null is left to the host. */
  readonly declared: string | null;
}

/** A VM on a network. */
export interface PlannedMember extends Member {
  readonly address: string;
}

/** A port of the host that leads to a VM. */
export interface PlannedForwarding {
  readonly proto: "tcp" | "udp";
  /** Null is every address of the host. */
  readonly address: string | null;
  readonly port: number;
  readonly to: string;
  readonly toPort: number;
}

/** A network, decided. */
export interface PlannedNetwork {
  readonly name: string;
  readonly bridge: string;
  /** Hardware address of the bridge: VMs know the host by it, also when the bridge was made anew. */
  readonly mac: string;
  readonly options: NetworksConfig["microvm"]["networks"][string];
  /** The host's own addresses in it. */
  readonly gateway: string;
  readonly gateway6: string | null;
  /** First and last of the addresses that VMs can have. */
  readonly range: readonly [first: string, last: string];
  readonly members: readonly PlannedMember[];
  readonly forwardings: readonly PlannedForwarding[];
}

/** A VM as its evaluation gave it. */
export interface ConfiguredVm {
  readonly name: string;
  readonly config: GuestConfig;
}

/** The name by which a VM is found; what a name of a VM may have and one of a host may not, becomes a dash. */
export function hostNameOf(vm: string): string {
  return vm.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-");
}
