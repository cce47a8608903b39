import type { Capabilities } from "./capabilities.ts";
import type { MachineSpec, Word } from "./machine.ts";

/** A hypervisor: its capabilities as data, and pure functions from a machine to commands. */
export interface Hypervisor {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Name of its program. */
  program(machine: MachineSpec): string;
  /** Its arguments, but for those of the console. */
  args(machine: MachineSpec): readonly Word[];
  /** Arguments of the console: on its own input and output, and on the machine's socket for it at once. */
  consoleArgs(machine: MachineSpec): readonly Word[];
  /** How to find out whether a program is new enough for both at once: with these arguments it prints this word. */
  readonly sharedConsole: { readonly args: readonly string[]; readonly prints: string };
  /**
   * How each accelerator is used: values of the runner's variables. Words in `params` are added to the
   * kernel's command line.
   */
  accelerators(machine: MachineSpec): Readonly<Record<"kvm" | "tcg", AcceleratorSettings>>;
  /** What it is told over its control socket; absent without one. */
  controlLines(machine: MachineSpec): ControlLines | undefined;
}

/** Lines for a control socket, each after the greeting. */
export interface ControlLines {
  readonly greeting: readonly string[];
  /** The guest's power button is pressed. */
  readonly powerButton: readonly string[];
  /** The hypervisor ends at once. */
  readonly end: readonly string[];
}

/** What follows from the accelerator that is chosen when the VM starts. */
export interface AcceleratorSettings {
  readonly accelerator: string;
  readonly cpu: string;
  readonly params: readonly string[];
}
