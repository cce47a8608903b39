/** `networking`: the guest's names, and what holds for all of its interfaces. */
import { mkOption, types, withFile } from "../../module-system/index.ts";
import { addressTypes } from "../address-types.ts";

/** `networking.defaultGateway` and `networking.defaultGateway6`. */
const gateway = (address: typeof addressTypes.ip, example: string) =>
  types.nullOr(
    types.coercedTo(
      address,
      (text: string) => ({ address: text }),
      types.submodule({
        options: {
          address: mkOption({ type: address, description: "Address of the gateway.", example }),
          interface: mkOption({
            type: types.nullOr(types.str),
            default: null,
            description:
              "Interface that leads to it. Null takes the one of `networking.interfaces` whose network the address is in.",
            example: "net0",
          }),
          metric: mkOption({
            type: types.nullOr(types.ints.unsigned),
            default: null,
            description: "Metric of the route. Null leaves it to the kernel.",
            example: 42,
          }),
        },
      }),
    ),
  );

/** Options of the guest's names and network. */
export const networkingOptions = {
  networking: {
    hostName: mkOption({
      type: types.strMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
      description: "Name of the guest. The VM's name, unless a module defines another.",
      example: "web",
    }),
    domain: mkOption({
      type: types.nullOr(types.strMatching(/^[a-z0-9.-]+$/)),
      default: null,
      description: "Domain of the guest. Null gives none.",
      example: "example.org",
    }),
    fqdn: mkOption({
      type: types.strMatching(/^[a-z0-9.-]+$/),
      readOnly: true,
      defaultText: "hostName, with the domain behind it when there is one",
      example: "web.example.org",
      description: "Host name with the domain, to be read by other modules.",
    }),
    hosts: mkOption({
      type: types.attrsOf(types.listOf(types.strMatching(/^[^\s#]+$/))),
      default: {},
      description: "More lines for `/etc/hosts`: names by address.",
      example: { "10.0.0.2": ["db"] },
    }),
    extraHosts: mkOption({
      type: types.lines,
      default: "",
      description: "More lines for `/etc/hosts` as they are.",
      example: "10.0.0.3 cache\n",
    }),
    nameservers: mkOption({
      type: types.listOf(addressTypes.ip),
      default: [],
      description:
        "Addresses of name servers. Without any, a guest with an interface of the type `user` asks the hypervisor's.",
      example: ["9.9.9.9"],
    }),
    search: mkOption({
      type: types.listOf(types.strMatching(/^[A-Za-z0-9._~-]+$/)),
      default: [],
      description: "Domains in which names without a dot are looked up, after `networking.domain`.",
      example: ["example.org"],
    }),
    useDHCP: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether interfaces that `networking.interfaces` says nothing of get their addresses by DHCP and from routers.",
    }),
    useNetworkd: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether systemd-networkd sets interfaces up. NixOS has scripts as well and defaults to them; here false leaves interfaces to what the guest itself runs. A guest without interfaces never starts networkd.",
    }),
    enableIPv6: mkOption({
      type: types.bool,
      default: true,
      description: "Whether interfaces get IPv6 addresses. False switches IPv6 off in the kernel.",
    }),
    defaultGateway: mkOption({
      type: gateway(addressTypes.ipv4, "10.0.0.1"),
      default: null,
      description:
        "Where packets go that no other route is for: an address, or a set with the interface. Null leaves it to DHCP.",
      example: "10.0.0.1",
    }),
    defaultGateway6: mkOption({
      type: gateway(addressTypes.ipv6, "fe80::1"),
      default: null,
      description: "The same for IPv6. Null leaves it to what routers announce.",
      example: { address: "fe80::1", interface: "net0" },
    }),
  },
} as const;

interface Names {
  readonly config: {
    readonly networking: { readonly hostName: string; readonly domain: string | null };
  };
}

const implementation = ({ config }: Names) => ({
  config: {
    networking: {
      fqdn: () => {
        const { hostName, domain } = config.networking;
        return domain === null ? hostName : `${hostName}.${domain}`;
      },
    },
  },
});

/** Declares them. */
export const networking = withFile("src/options/guest/networking.ts", {
  imports: [implementation],
  options: networkingOptions,
});
