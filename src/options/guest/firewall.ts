/** `networking.firewall` and `networking.nftables`: what may reach the guest. */
import {
  type InferConfig,
  mkDefault,
  mkIf,
  mkMerge,
  mkOption,
  types,
  withFile,
} from "../../module-system/index.ts";
import { definitionFiles } from "./defined-in.ts";
import { rulesetText } from "./firewall-rules.ts";
import type { interfacesOptions } from "./interfaces.ts";

const range = types.submodule({
  options: {
    from: mkOption({ type: types.port, description: "First port of the range.", example: 8000 }),
    to: mkOption({ type: types.port, description: "Last port of the range.", example: 8010 }),
  },
});

/** Ports that are let in. */
const ports = {
  allowedTCPPorts: mkOption({
    type: types.listOf(types.port),
    default: [],
    description: "TCP ports that may be connected to.",
    example: [80, 443],
  }),
  allowedUDPPorts: mkOption({
    type: types.listOf(types.port),
    default: [],
    description: "UDP ports that packets may be sent to.",
    example: [53],
  }),
  allowedTCPPortRanges: mkOption({
    type: types.listOf(range),
    default: [],
    description: "Ranges of TCP ports that may be connected to.",
    example: [{ from: 8000, to: 8010 }],
  }),
  allowedUDPPortRanges: mkOption({
    type: types.listOf(range),
    default: [],
    description: "Ranges of UDP ports that packets may be sent to.",
    example: [{ from: 60000, to: 61000 }],
  }),
} as const;

/** Name of an interface in the guest. */
const interfaceName = types.strMatching(/^[A-Za-z0-9_.+@-]{1,15}$/);

/** A listener that the assertions are told of. */
const listener = types.submodule({
  options: {
    service: mkOption({
      type: types.str,
      description: "What listens: an option by its name. Listeners of one service may share a port.",
      example: "services.nginx",
    }),
    option: mkOption({
      type: types.nullOr(types.listOf(types.str)),
      default: null,
      description: "Option that says so, by its names. Null is that of the service.",
      example: ["services", "nginx", "virtualHosts", "example.org"],
    }),
    protocol: mkOption({ type: types.enum(["tcp", "udp"]), default: "tcp", description: "Protocol." }),
    address: mkOption({
      type: types.nullOr(types.str),
      default: null,
      description: "Address that it listens on. Null means all.",
      example: "127.0.0.1",
    }),
    port: mkOption({ type: types.port, description: "Port that the service listens on.", example: 80 }),
  },
});

/** Options of the firewall. */
export const firewallOptions = {
  networking: {
    firewall: {
      enable: mkOption({
        type: types.bool,
        default: true,
        description:
          "Whether connections from outside are refused but for those that are allowed. A guest without interfaces has no firewall, nor has one that is made from an OCI image.",
      }),
      ...ports,
      interfaces: mkOption({
        type: types.attrsOf(types.submodule({ options: ports })),
        default: {},
        description: "Ports that are let in on single interfaces, by the interface's name in the guest.",
        example: { net0: { allowedTCPPorts: [5432] } },
      }),
      trustedInterfaces: mkOption({
        type: types.listOf(interfaceName),
        default: [],
        description: "Interfaces on which everything is let in. The loopback interface is one of them.",
        example: ["net1"],
      }),
      allowPing: mkOption({
        type: types.bool,
        default: true,
        description: "Whether ICMPv4 echo requests are answered. Those of ICMPv6 always are.",
      }),
      pingLimit: mkOption({
        type: types.nullOr(types.strMatching(/^\d+\/(second|minute|hour|day)( burst \d+ packets)?$/)),
        default: null,
        description: "How many echo requests are answered at most, in words of nft(8). Null sets no limit.",
        example: "2/second",
      }),
      rejectPackets: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether what is refused is answered, so that the other side need not wait. Otherwise it is dropped.",
      }),
      logRefusedConnections: mkOption({
        type: types.bool,
        default: true,
        description: "Whether refused connections are logged by the kernel.",
      }),
      extraInputRules: mkOption({
        type: types.lines,
        default: "",
        description: "More rules for the end of the chain `input-allow`, nft(8).",
        example: "ip saddr 10.0.0.0/8 tcp dport 9100 accept\n",
      }),
    },
    nftables: {
      enable: mkOption({
        type: types.bool,
        defaultText: "whether the firewall is on and the machine has interfaces",
        description:
          "Whether `/etc/nftables.conf` is loaded when the guest starts. NixOS can use iptables instead; here the firewall is always nftables.",
        example: true,
      }),
      ruleset: mkOption({
        type: types.lines,
        default: "",
        description: "More tables and rules for `/etc/nftables.conf`, behind those of the firewall, nft(8).",
        example: "table ip nat { }\n",
      }),
    },
    listeners: mkOption({
      type: types.listOf(listener),
      default: [],
      internal: true,
      description: "Ports that declared services listen on, so that two of them on one port are noticed.",
    }),
  },
} as const;

type Config = InferConfig<typeof firewallOptions & typeof interfacesOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
  readonly pkgs?: { readonly type: string } | null;
}

const implementation = (args: Arguments) => {
  const { config, options } = args;
  // Nothing is installed into an image, so nftables would have to be in it.
  const isFiltered = () =>
    config.networking.firewall.enable && config.microvm.interfaces.length > 0 && args.pkgs?.type !== "oci";
  return {
    config: mkMerge([
      { networking: { nftables: { enable: mkDefault(isFiltered) } } },
      mkIf(() => config.networking.nftables.enable, {
        environment: {
          servicePackages: ["nftables"],
          etc: {
            "nftables.conf": {
              // Debian's own has this mode: it is a script.
              mode: "0755",
              text: () =>
                rulesetText(
                  isFiltered() ? config.networking.firewall : undefined,
                  config.networking.nftables.ruleset,
                ),
            },
          },
        },
        system: {
          checks: {
            nftables: {
              option: () =>
                config.networking.nftables.ruleset.trim() === ""
                  ? "networking.firewall"
                  : "networking.nftables",
              definedIn: () => [
                ...new Set(FILTERING.flatMap((name) => definitionFiles(options, ["networking", name]))),
              ],
              program: "/usr/sbin/nft",
              files: ["/etc/nftables.conf"],
              script: CHECK_SCRIPT,
            },
          },
        },
      }),
    ]),
  };
};

const FILTERING = ["firewall", "nftables"];

/**
 * Even to check, nft asks the kernel, which answers those who may change the rules of a network: in a user namespace
 * that is root there. Where the host's kernel has no nf_tables or no such namespace, the log says that nothing was
 * checked.
 */
const CHECK_SCRIPT = `if ! said=$(unshare --user --map-root-user --net nft list tables 2>&1); then
  echo "Not checked on this host: $said"
  exit 0
fi
unshare --user --map-root-user --net nft --check --file /etc/nftables.conf
`;

/** Declares them, and writes Debian's own `/etc/nftables.conf`. */
export const firewall = withFile("src/options/guest/firewall.ts", {
  imports: [implementation],
  options: firewallOptions,
});
