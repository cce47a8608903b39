/** `networking.interfaces`: addresses and routes of single interfaces, handed to networkd. */
import {
  type InferConfig,
  mkDefault,
  mkIf,
  mkMerge,
  mkOption,
  types,
  withFile,
} from "../../module-system/index.ts";
import { addressTypes, isInNetwork } from "../address-types.ts";
import type { interfacesOptions } from "./interfaces.ts";
import type { networkdOptions } from "./networkd.ts";
import type { networkingOptions } from "./networking.ts";

/** `networking.interfaces.*.ipv4` and `.ipv6`. */
const family = (address: typeof addressTypes.ip, bits: number, example: string, network: string) => ({
  addresses: mkOption({
    type: types.listOf(
      types.submodule({
        options: {
          address: mkOption({ type: address, description: "The address.", example }),
          prefixLength: mkOption({
            type: types.ints.between(0, bits),
            description: "Bits of the address that name its network.",
            example: bits === 32 ? 24 : 64,
          }),
        },
      }),
    ),
    default: [],
    description: "Addresses of the interface.",
    example: [{ address: example, prefixLength: bits === 32 ? 24 : 64 }],
  }),
  routes: mkOption({
    type: types.listOf(
      types.submodule({
        options: {
          address: mkOption({
            type: address,
            description: "Network that the route leads to.",
            example: network,
          }),
          prefixLength: mkOption({
            type: types.ints.between(0, bits),
            description: "Bits of the address that name the network.",
            example: bits === 32 ? 16 : 48,
          }),
          via: mkOption({
            type: types.nullOr(address),
            default: null,
            description: "Gateway of the route. Null means that the network is on this interface.",
            example,
          }),
          type: mkOption({
            type: types.nullOr(
              types.enum(["unicast", "local", "broadcast", "blackhole", "unreachable", "prohibit", "throw"]),
            ),
            default: null,
            description: "Kind of the route, ip-route(8). Null is `unicast`.",
            example: "blackhole",
          }),
        },
      }),
    ),
    default: [],
    description: "Routes of the interface.",
    example: [{ address: network, prefixLength: bits === 32 ? 16 : 48, via: example }],
  }),
});

/** `networking.interfaces.*`. */
const configuredInterface = types.submodule({
  options: {
    useDHCP: mkOption({
      type: types.nullOr(types.bool),
      default: null,
      description:
        "Whether the interface gets addresses by DHCP. Null means: when it has no addresses of its own and `networking.useDHCP` is true.",
      example: true,
    }),
    ipv4: family(addressTypes.ipv4, 32, "10.0.0.2", "10.1.0.0"),
    ipv6: family(addressTypes.ipv6, 128, "fd00::2", "fd01::"),
    mtu: mkOption({
      type: types.nullOr(types.ints.between(68, 65535)),
      default: null,
      description: "Largest packet in bytes. Null leaves the driver's.",
      example: 1400,
    }),
    macAddress: mkOption({
      type: types.nullOr(types.strMatching(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/)),
      default: null,
      description: "Hardware address that the guest gives the interface. Null keeps the machine's.",
      example: "02:00:00:00:00:01",
    }),
  },
});

/** Options of single interfaces. */
export const networkInterfacesOptions = {
  networking: {
    interfaces: mkOption({
      type: types.attrsOf(configuredInterface),
      default: {},
      description:
        "Interfaces by their name in the guest. An interface of `microvm.interfaces` has its `id` as its name; the kernel's name (`enp0s2`) works as well.",
      example: { net0: { ipv4: { addresses: [{ address: "10.0.0.2", prefixLength: 24 }] } } },
    }),
  },
} as const;

type Config = InferConfig<
  typeof networkInterfacesOptions &
    typeof networkingOptions &
    typeof interfacesOptions &
    typeof networkdOptions
>;
type Interface = Config["networking"]["interfaces"][string];
type Route = Interface["ipv4"]["routes"][number];

/** NixOS's names of the files: one for each interface, then one for all others. */
const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    systemd: {
      network: {
        networks: mkIf(
          () => config.systemd.network.enable,
          mkMerge([
            () =>
              Object.fromEntries(
                Object.entries(config.networking.interfaces).map(([name, one]) => [
                  `40-${name}`,
                  interfaceNetwork(name, one, config),
                ]),
              ),
            mkIf(() => config.networking.useDHCP, {
              "99-ethernet-default-dhcp": {
                description: mkDefault("networking.useDHCP"),
                // Real interfaces only: bridges, tunnels and the like have a kind.
                matchConfig: { Type: "ether", Kind: "!*" },
                networkConfig: { DHCP: () => dhcp(config), IPv6PrivacyExtensions: "kernel" },
                dhcpV4Config: () => dhcpV4(config.microvm.interfaces),
                linkConfig: { RequiredForOnline: "routable" },
              },
            }),
          ]),
        ),
      },
    },
  },
});

/** A network of the host says by which domain its VMs are called, and is believed. */
const dhcpV4 = (interfaces: Config["microvm"]["interfaces"]) =>
  interfaces.some(({ network }) => network !== null) ? { UseDomains: true } : {};

const dhcp = (config: Config) => (config.networking.enableIPv6 ? "yes" : "ipv4");

/** The network file of one interface. */
function interfaceNetwork(name: string, one: Interface, config: Config) {
  const addresses = addressesOf(one);
  const usesDhcp = one.useDHCP ?? (addresses.length === 0 && config.networking.useDHCP);
  const { enableIPv6 } = config.networking;
  return {
    description: mkDefault(`networking.interfaces.${name}`),
    matchConfig: { Name: name },
    networkConfig: {
      DHCP: usesDhcp ? dhcp(config) : "no",
      ...(!enableIPv6 && { LinkLocalAddressing: "no", IPv6AcceptRA: false }),
    },
    dhcpV4Config: dhcpV4(config.microvm.interfaces.filter(({ id }) => id === name)),
    linkConfig: {
      ...(one.mtu !== null && { MTUBytes: one.mtu }),
      ...(one.macAddress !== null && { MACAddress: one.macAddress }),
      RequiredForOnline: "routable",
    },
    address: addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    routes: [...[...one.ipv4.routes, ...one.ipv6.routes].map(routeSection), ...defaultRoutes(name, config)],
  };
}

/** The addresses of both families. */
export function addressesOf({ ipv4, ipv6 }: Interface) {
  return [...ipv4.addresses, ...ipv6.addresses];
}

function routeSection({ address, prefixLength, via, type }: Route) {
  return {
    Destination: `${address}/${prefixLength}`,
    ...(via !== null && { Gateway: via }),
    ...(type !== null && { Type: type }),
  };
}

function defaultRoutes(name: string, { networking }: Config) {
  return [networking.defaultGateway, networking.defaultGateway6]
    .filter((gateway) => gateway !== null)
    .filter((gateway) => gatewayInterface(gateway, networking.interfaces) === name)
    .map(({ address, metric }) => ({ Gateway: address, ...(metric !== null && { Metric: metric }) }));
}

/** Name of the interface that leads to a gateway: the one that is said, or the first whose network it is in. */
export function gatewayInterface(
  gateway: { readonly address: string; readonly interface: string | null },
  interfaces: Readonly<Record<string, Interface>>,
): string | undefined {
  if (gateway.interface !== null) return gateway.interface;
  return Object.entries(interfaces).find(([, one]) =>
    addressesOf(one).some(({ address, prefixLength }) => isInNetwork(gateway.address, address, prefixLength)),
  )?.[0];
}

/** Declares them. */
export const networkInterfaces = withFile("src/options/guest/network-interfaces.ts", {
  imports: [implementation],
  options: networkInterfacesOptions,
});
