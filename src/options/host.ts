/** What a host can be told about its VMs. */
import { type InferConfig, mkOption, types, withFile } from "../module-system/index.ts";
import { guestSystem } from "./guest-system.ts";
import { networkChecks } from "./network-assertions.ts";
import { type NetworksConfig, networks } from "./networks.ts";

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
      description: "Whether the VM restarts when its result changed. Null means: when `config` is set.",
    }),
  },
});

const hostOptions = {
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
export type HostConfig = InferConfig<typeof hostOptions> & NetworksConfig;

/** Declares the options of a host and what must hold between them. */
export const hostModule = withFile("src/options/host.ts", {
  imports: [networks, networkChecks, checks],
  options: hostOptions,
});

function checks({ config }: { readonly config: HostConfig }) {
  return {
    config: {
      assertions: () =>
        Object.entries(config.microvm.vms).flatMap(([name, { config: guest, flake, updateFlake }]) => [
          {
            assertion: guest === null || flake === null,
            message: `"microvm.vms.${name}" has both "config" and "flake": a VM is either fully declared or deployed`,
          },
          {
            assertion: guest === null || updateFlake === null,
            message: `"microvm.vms.${name}" has both "config" and "updateFlake": a fully declared VM is updated with its host`,
          },
          {
            assertion: guest !== null || flake !== null,
            message: `"microvm.vms.${name}" has neither "config" nor "flake": say what the VM is`,
          },
        ]),
    },
  };
}
