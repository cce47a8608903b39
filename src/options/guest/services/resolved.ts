/** `services.resolved`. */
import {
  type InferConfig,
  mkDefault,
  mkIf,
  mkMerge,
  mkOption,
  types,
  withFile,
} from "../../../module-system/index.ts";
import { addressTypes } from "../../address-types.ts";
import type { GuestSystemValue } from "../../guest-system.ts";
import { generatedFile } from "../generated-file.ts";
import type { interfacesOptions } from "../interfaces.ts";
import type { networkingOptions } from "../networking.ts";

/** Options of systemd-resolved. */
export const resolvedOptions = {
  services: {
    resolved: {
      enable: mkOption({
        type: types.bool,
        defaultText:
          "true when no name server is known before the guest starts: it has interfaces, none of them of the type `user`, and no `networking.nameservers`; false in a guest of an image",
        description:
          "Whether systemd-resolved answers for names. NixOS starts it with networkd; Debian has it as a package of its own, and a guest whose name servers are known needs none. In an image without an init, those that DHCP names are asked.",
        example: true,
      }),
      domains: mkOption({
        type: types.listOf(types.str),
        default: [],
        description: "Search domains, beside `networking.domain` and `networking.search`.",
        example: ["example.org"],
      }),
      fallbackDns: mkOption({
        type: types.nullOr(types.listOf(addressTypes.ip)),
        default: null,
        description: "Name servers for when no others are known. Null leaves the package's.",
        example: ["9.9.9.9"],
      }),
      dnssec: mkOption({
        type: types.enum(["true", "allow-downgrade", "false"]),
        default: "false",
        description: "Whether signatures of names are checked.",
      }),
      llmnr: mkOption({
        type: types.enum(["true", "resolve", "false"]),
        default: "true",
        description: "Whether names are looked up among neighbours, resolved.conf(5).",
      }),
      extraConfig: mkOption({
        type: types.lines,
        default: "",
        description: "More settings of the section [Resolve], resolved.conf(5).",
        example: "Cache=no\n",
      }),
    },
  },
} as const;

type Config = InferConfig<typeof resolvedOptions & typeof networkingOptions & typeof interfacesOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
  /** What the guest's system is made from. */
  readonly pkgs?: GuestSystemValue | null;
}

const implementation = ({ config, options, pkgs }: Arguments) => ({
  config: mkMerge([
    {
      services: {
        resolved: { enable: mkDefault(() => pkgs?.type !== "oci" && lacksNameServers(config)) },
      },
    },
    mkIf(() => config.services.resolved.enable, {
      environment: {
        servicePackages: ["systemd-resolved"],
        etc: {
          "systemd/resolved.conf.d/microvm.conf": generatedFile(options, ["services", "resolved"], () =>
            resolvedConf(config),
          ),
        },
      },
    }),
  ]),
});

function lacksNameServers({ microvm, networking }: Config): boolean {
  const { interfaces } = microvm;
  const isServed = networking.nameservers.length > 0 || interfaces.some(({ type }) => type === "user");
  return interfaces.length > 0 && networking.useNetworkd && networking.useDHCP && !isServed;
}

function resolvedConf({ networking, services: { resolved } }: Config): string {
  const domains = [
    ...(networking.domain === null ? [] : [networking.domain]),
    ...networking.search,
    ...resolved.domains,
  ];
  const lines = [
    "[Resolve]",
    ...(networking.nameservers.length > 0 ? [`DNS=${networking.nameservers.join(" ")}`] : []),
    ...(resolved.fallbackDns === null ? [] : [`FallbackDNS=${resolved.fallbackDns.join(" ")}`]),
    ...(domains.length > 0 ? [`Domains=${domains.join(" ")}`] : []),
    `DNSSEC=${resolved.dnssec}`,
    `LLMNR=${resolved.llmnr}`,
    ...(resolved.extraConfig.trim() === "" ? [] : [resolved.extraConfig.trim()]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Declares them, and runs the package set's systemd-resolved. */
export const resolved = withFile("src/options/guest/services/resolved.ts", {
  imports: [implementation],
  options: resolvedOptions,
});
