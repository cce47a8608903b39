/** `systemd.network`: systemd-networkd's own files. */
import { type InferConfig, mkDefault, mkOption, types, withFile } from "../../module-system/index.ts";
import { addressTypes } from "../address-types.ts";
import type { interfacesOptions } from "./interfaces.ts";
import type { networkingOptions } from "./networking.ts";

/** A setting of a section; a list repeats it. */
const value = types.oneOf([
  types.bool,
  types.int,
  types.str,
  types.listOf(types.oneOf([types.int, types.str])),
]);

const section = (name: string, page: string, example: Readonly<Record<string, string | number | boolean>>) =>
  mkOption({
    type: types.attrsOf(value),
    default: {},
    description: `Settings of the section [${name}], ${page}.`,
    example,
  });

const sections = (name: string, page: string, example: Readonly<Record<string, string | number | boolean>>) =>
  mkOption({
    type: types.listOf(types.attrsOf(value)),
    default: [],
    description: `Sections [${name}], ${page}: one for each entry.`,
    example: [example],
  });

const common = {
  enable: mkOption({ type: types.bool, default: true, description: "Whether the file is written." }),
  description: mkOption({
    type: types.strMatching(/^[^\n]*$/),
    default: "",
    description: "What the file is for, or which option it comes from: a comment in its first line.",
    example: "uplink",
  }),
  extraConfig: mkOption({
    type: types.lines,
    default: "",
    description: "More lines for the end of the file.",
    example: "[DHCPServer]\nPoolSize=50\n",
  }),
};

/** `systemd.network.links.*`. */
const linkFile = types.submodule({
  options: {
    ...common,
    matchConfig: section("Match", "systemd.link(5)", { Name: "net0" }),
    linkConfig: section("Link", "systemd.link(5)", { MTUBytes: 1400 }),
  },
});

/** `systemd.network.netdevs.*`. */
const netdevFile = types.submodule({
  options: {
    ...common,
    matchConfig: section("Match", "systemd.netdev(5)", { Name: "net0" }),
    netdevConfig: section("NetDev", "systemd.netdev(5)", { Kind: "bridge", Name: "br0" }),
    vlanConfig: section("VLAN", "systemd.netdev(5)", { Id: 10 }),
    bridgeConfig: section("Bridge", "systemd.netdev(5)", { STP: true }),
    wireguardConfig: section("WireGuard", "systemd.netdev(5)", { ListenPort: 51820 }),
    wireguardPeers: sections("WireGuardPeer", "systemd.netdev(5)", { Endpoint: "192.0.2.1:51820" }),
  },
});

const strings = (description: string, example: readonly string[]) =>
  mkOption({ type: types.listOf(types.str), default: [], description, example });

/** `systemd.network.networks.*`. */
const networkFile = types.submodule({
  options: {
    ...common,
    matchConfig: section("Match", "systemd.network(5)", { Name: "net0" }),
    linkConfig: section("Link", "systemd.network(5)", { MTUBytes: 1400 }),
    networkConfig: section("Network", "systemd.network(5)", { DHCP: "ipv4" }),
    dhcpV4Config: section("DHCPv4", "systemd.network(5)", { UseDNS: false }),
    dhcpV6Config: section("DHCPv6", "systemd.network(5)", { UseDNS: false }),
    ipv6AcceptRAConfig: section("IPv6AcceptRA", "systemd.network(5)", { UseDNS: false }),
    addresses: sections("Address", "systemd.network(5)", { Address: "10.0.0.2/24" }),
    routes: sections("Route", "systemd.network(5)", { Destination: "10.1.0.0/16", Gateway: "10.0.0.1" }),
    address: mkOption({
      type: types.listOf(addressTypes.cidr),
      default: [],
      description: "Addresses with their prefix lengths: `Address=` of [Network].",
      example: ["10.0.0.2/24"],
    }),
    gateway: mkOption({
      type: types.listOf(addressTypes.ip),
      default: [],
      description: "Gateways: `Gateway=` of [Network].",
      example: ["10.0.0.1"],
    }),
    dns: strings("Name servers: `DNS=` of [Network].", ["10.0.0.1"]),
    ntp: strings("Time servers: `NTP=` of [Network].", ["pool.ntp.org"]),
    domains: strings("Search domains: `Domains=` of [Network].", ["example.org"]),
    bridge: strings("Bridges that the interface joins: `Bridge=` of [Network].", ["br0"]),
    vlan: strings("VLANs on the interface: `VLAN=` of [Network].", ["vlan10"]),
  },
});

/** Options of systemd-networkd. */
export const networkdOptions = {
  systemd: {
    network: {
      enable: mkOption({
        type: types.bool,
        defaultText: "whether `networking.useNetworkd` is true and the machine has interfaces",
        description: "Whether systemd-networkd runs.",
        example: true,
      }),
      links: mkOption({
        type: types.attrsOf(linkFile),
        default: {},
        description: "Files `/etc/systemd/network/NAME.link`.",
        example: {
          "10-uplink": {
            matchConfig: { PermanentMACAddress: "02:00:00:00:00:01" },
            linkConfig: { Name: "up0" },
          },
        },
      }),
      netdevs: mkOption({
        type: types.attrsOf(netdevFile),
        default: {},
        description: "Files `/etc/systemd/network/NAME.netdev`: interfaces that networkd makes.",
        example: { "20-br0": { netdevConfig: { Kind: "bridge", Name: "br0" } } },
      }),
      networks: mkOption({
        type: types.attrsOf(networkFile),
        default: {},
        description: "Files `/etc/systemd/network/NAME.network`: how interfaces are set up.",
        example: {
          "30-lan": { matchConfig: { Name: "net0" }, address: ["10.0.0.2/24"], gateway: ["10.0.0.1"] },
        },
      }),
    },
  },
} as const;

type Config = InferConfig<typeof networkdOptions & typeof networkingOptions & typeof interfacesOptions>;

const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    systemd: {
      network: {
        enable: mkDefault(() => config.networking.useNetworkd && config.microvm.interfaces.length > 0),
      },
    },
  },
});

/** Declares them. */
export const networkd = withFile("src/options/guest/networkd.ts", {
  imports: [implementation],
  options: networkdOptions,
});
