/** Networks for tests, evaluated and planned as a host's are. */
import { guestConfig, hostWith } from "../../../options/testing/evaluate.ts";
import { planNetworks } from "../plan.ts";
import type { ConfiguredVm, PlannedNetwork } from "../planned-network.ts";

/** A VM with a tap on a network; `more` is merged into its configuration. */
export function vmOn(name: string, network: string, more: object = {}): ConfiguredVm {
  const interfaces = [{ type: "tap", id: `vm-${name}`, network }];
  return { name, config: guestConfig({ networking: { hostName: name }, microvm: { interfaces } }, more) };
}

/** The networks of a host with these options. Throws what the evaluation reports. */
// biome-ignore lint/suspicious/noExplicitAny: tests give wrong options too
export function networksOf(networks: any) {
  const { config, faults } = hostWith({ networks });
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return config.microvm.networks;
}

/** One network called `lan` with a VM `web` on it, changed by `options`. */
export function lan(options: object = {}, vms = [vmOn("web", "lan")]): PlannedNetwork {
  return planNetworks(networksOf({ lan: { subnet: "10.1.0.0/24", ...options } }), vms)[0]!;
}
