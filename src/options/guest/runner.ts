/** `microvm.runner` and `microvm.declaredRunner`: what is made of a guest's options. */
import { CAPABILITIES } from "../../hypervisors/capabilities.ts";
import { type InferConfig, mkOption, types, withFile } from "../../module-system/index.ts";
import type { machineOptions } from "./machine.ts";

/** Options that say what is made. */
export const runnerOptions = {
  microvm: {
    runner: mkOption({
      type: types.attrsOf(types.str),
      readOnly: true,
      description:
        "By hypervisor, the name of the guest's runner: its store path without the hash. The hash follows from packages, which are chosen after evaluation; `microvm build` prints the whole path. In microvm.nix these are packages.",
      example: { qemu: "microvm-qemu-web" },
    }),
    declaredRunner: mkOption({
      type: types.str,
      readOnly: true,
      description: "The one of `runner` that `microvm build` makes: that for `hypervisor`.",
      example: "microvm-qemu-web",
    }),
  },
} as const;

interface Arguments {
  readonly config: InferConfig<typeof machineOptions & typeof runnerOptions>;
  readonly name: string;
}

const names = ({ config, name }: Arguments) => ({
  config: {
    microvm: {
      runner: () =>
        Object.fromEntries(Object.keys(CAPABILITIES).map((one) => [one, `microvm-${one}-${name}`])),
      // Of a hypervisor that cannot be started, which is a fault by itself, there is none.
      declaredRunner: () => config.microvm.runner[config.microvm.hypervisor] ?? "",
    },
  },
});

/** Declares them, and gives their values. */
export const runner = withFile("src/options/guest/runner.ts", { imports: [names], options: runnerOptions });
