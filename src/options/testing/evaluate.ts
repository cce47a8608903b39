/** Hosts and guests as tests declare them, evaluated. */
import {
  type Asserted,
  assertionsModule,
  checkAssertions,
  evalModules,
  mkDefault,
  plainWithFaults,
} from "../../module-system/index.ts";
import { type GuestConfig, guestModule } from "../guest.ts";
import { type HostConfig, hostModule } from "../host.ts";

/** A module as a test writes it: anything at all. */
// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
type Given = any;

function evaluate(...modules: Given[]) {
  const evaluated = evalModules<Asserted>({
    modules: [assertionsModule, ...modules],
    specialArgs: { name: "web" },
  });
  const { plain, faults } = plainWithFaults(evaluated);
  const asserted = checkAssertions(evaluated.config);
  const messages = [...new Set([...faults, ...asserted.faults])].map((fault) => fault.message);
  return { config: plain as unknown, faults: messages, warnings: asserted.warnings };
}

/** A guest named `web`: its configuration, the messages of its faults, its warnings. */
export function guest(...modules: Given[]) {
  return evaluate(
    guestModule,
    { networking: { hostName: mkDefault("web") } },
    ...modules.map((config) => (typeof config === "function" ? config : { config })),
  );
}

/** The configuration of a guest named `web` without faults. */
export function guestConfig(...modules: Given[]): GuestConfig {
  const { config, faults } = guest(...modules);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return config as GuestConfig;
}

/** A host with these VMs. */
export function host(vms: Given) {
  return hostWith({ vms });
}

/** A host with these options below `microvm`. */
export function hostWith(microvm: Given) {
  const { config, ...rest } = evaluate(hostModule, { config: { microvm } });
  return { config: config as HostConfig, ...rest };
}
