/** What a host can be told about itself and its VMs. */
import { type InferConfig, mkOption, types, withFile } from "../module-system/index.ts";
import { guestSystem } from "./guest-system.ts";
import { hostLimits } from "./host/limits.ts";
import { hostMachine, type hostMachineOptions } from "./host/machine.ts";
import { networkChecks } from "./network-assertions.ts";
import { type NetworksConfig, networks } from "./networks.ts";

/** A guest as `microvm eval --json` prints it. Its configuration is checked against the guest's options when it is used. */
const evaluatedGuest = types.submodule({
  freeformType: types.attrsOf(types.raw),
  options: {
    pkgs: mkOption({
      type: types.nullOr(guestSystem),
      default: null,
      description: "Package set of the guest. Null is the host's own.",
      example: { type: "debian", suite: "trixie", architecture: "amd64" },
    }),
    config: mkOption({
      type: types.attrsOf(types.raw),
      description: "The guest's plain configuration.",
      example: { microvm: { mem: 1024 } },
    }),
  },
});

/** `microvm.vms.*`. */
const vm = types.submodule({
  options: {
    pkgs: mkOption({
      type: types.nullOr(guestSystem),
      default: null,
      description:
        "Package set of the guest, or the OCI image that it is made from. It also determines the guest's architecture. Null is the host's own package set.",
      example: { type: "debian", suite: "trixie", architecture: "amd64" },
    }),
    specialArgs: mkOption({
      type: types.attrsOf(types.raw),
      default: {},
      description: "More arguments for the guest's modules, by name.",
      example: { domain: "example.org" },
    }),
    config: mkOption({
      type: types.nullOr(types.deferredModule),
      default: null,
      description:
        "Module with the guest's whole configuration. Several definitions merge as modules do. Null when the VM is deployed from a `flake`.",
      example: { microvm: { mem: 1024 } },
    }),
    evaluatedConfig: mkOption({
      type: types.nullOr(evaluatedGuest),
      default: null,
      description:
        "An already evaluated guest in place of `config`: what `microvm eval --json` prints, with `pkgs` and `config`. Null when there is none.",
      example: { config: { microvm: { mem: 1024 } } },
    }),
    extraModules: mkOption({
      type: types.listOf(types.deferredModule),
      default: [],
      description: "More modules for the guest, or paths of their files.",
      example: ["./modules/web-server.ts"],
    }),
    flake: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description:
        "Reference to the project that defines the VM, in place of `config`. Null when `config` is set.",
      example: "git+file:///etc/microvm",
    }),
    updateFlake: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description: "Reference from which the VM is updated later. Null is the one in `flake`.",
      example: "git+file:///etc/microvm",
    }),
    autostart: mkOption({
      type: types.bool,
      default: true,
      description: "Whether the VM starts with its host.",
    }),
    restartIfChanged: mkOption({
      type: types.nullOr(types.bool),
      default: null,
      description:
        "Whether the VM restarts when its result changed. Null means: when `config` or `evaluatedConfig` is set.",
    }),
    changeLive: mkOption({
      type: types.bool,
      default: false,
      description:
        "Whether the VM changes without a reboot where only its configuration changed: files, units, users. False restarts it. A change that fails goes back, and fails the switch with it.",
    }),
    limits: hostLimits,
    restartIfUnresponsive: mkOption({
      type: types.nullOr(types.ints.positive),
      default: null,
      description:
        "How many seconds the guest's agent may leave unanswered before the VM is restarted. Null never restarts it for that.",
      example: 300,
    }),
  },
});

const vmsOptions = {
  microvm: {
    vms: mkOption({
      type: types.attrsOf(vm),
      default: {},
      description: "The host's VMs, by name.",
      example: { web: { config: { microvm: { mem: 1024 } } } },
    }),
  },
};

/** The merged configuration of a host. */
export interface HostConfig {
  readonly microvm: InferConfig<typeof hostMachineOptions>["microvm"] &
    InferConfig<typeof vmsOptions>["microvm"] &
    NetworksConfig["microvm"];
}

/** Declares the options of a host and what must hold between them. */
export const hostModule = withFile("src/options/host.ts", {
  imports: [hostMachine, networks, networkChecks, checks],
  options: vmsOptions,
});

/** The keys that say what a VM is; one of them is set. */
const KINDS = ["config", "evaluatedConfig", "flake"] as const;

function checks({ config }: { readonly config: HostConfig }) {
  return {
    config: {
      assertions: () => Object.entries(config.microvm.vms).flatMap(([name, vm]) => checksOfVm(name, vm)),
    },
  };
}

function checksOfVm(name: string, vm: HostConfig["microvm"]["vms"][string]) {
  const kinds = KINDS.filter((kind) => vm[kind] !== null);
  const kind = kinds[0];
  return [
    {
      assertion: kinds.length < 2,
      message: `"microvm.vms.${name}" has both "${kinds[0]}" and "${kinds[1]}": ${
        kinds.includes("flake")
          ? "a VM is either fully declared or deployed"
          : "a guest is evaluated here or elsewhere"
      }`,
    },
    {
      assertion: kind === undefined || kind === "flake" || vm.updateFlake === null,
      message: `"microvm.vms.${name}" has both "${kind}" and "updateFlake": a fully declared VM is updated with its host`,
    },
    {
      assertion: kind !== undefined,
      message: `"microvm.vms.${name}" has neither "config" nor "flake": say what the VM is`,
    },
  ];
}
