import type { Capabilities } from "./capabilities.ts";
import type { MachineSpec, Word } from "./machine.ts";

/** A hypervisor: its capabilities as data, and pure functions from a machine to commands. */
export interface Hypervisor {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Name of its program. */
  program(machine: MachineSpec): string;
  /** Its arguments. */
  args(machine: MachineSpec): readonly Word[];
  /**
   * How each accelerator is used: values of the runner's variables. Words in `params` are added to the
   * kernel's command line.
   */
  accelerators(machine: MachineSpec): Readonly<Record<"kvm" | "tcg", AcceleratorSettings>>;
  /** Lines that ask it, over its control socket, to power the guest off; absent without a control socket. */
  shutdownLines(machine: MachineSpec): readonly string[] | undefined;
}

/** What follows from the accelerator that is chosen when the VM starts. */
export interface AcceleratorSettings {
  readonly accelerator: string;
  readonly cpu: string;
  readonly params: readonly string[];
}
