/** `microvm.networks`: networks of the host for its VMs. */
import { type InferConfig, mkOption, types, withFile } from "../module-system/index.ts";
import { addressTypes } from "./address-types.ts";

const forwardedPort = types.submodule({
  options: {
    proto: mkOption({
      type: types.enum(["tcp", "udp"]),
      default: "tcp",
      description: "Protocol of the port.",
    }),
    host: {
      address: mkOption({
        type: types.nullOr(addressTypes.ipv4),
        default: null,
        description: "Address of the host that the port is at. Null is each of them.",
        example: "192.0.2.1",
      }),
      port: mkOption({ type: types.port, description: "Port of the host.", example: 8080 }),
    },
    vm: mkOption({ type: types.str, description: "VM that the port leads to.", example: "web" }),
    guest: {
      port: mkOption({ type: types.port, description: "Port of the VM.", example: 80 }),
    },
  },
});

const egressRule = types.submodule({
  options: {
    action: mkOption({
      type: types.enum(["allow", "deny"]),
      description: "What is done with what the rule fits.",
      example: "deny",
    }),
    to: mkOption({
      type: types.nullOr(addressTypes.cidr),
      default: null,
      description: "Addresses that the rule is for. Null is all of them.",
      example: "192.168.0.0/16",
    }),
    proto: mkOption({
      type: types.nullOr(types.enum(["tcp", "udp"])),
      default: null,
      description: "Protocol that the rule is for. Null is any.",
      example: "tcp",
    }),
    ports: mkOption({
      type: types.listOf(types.port),
      default: [],
      description: "Ports that the rule is for; it needs a `proto` then. Without any it is for all.",
      example: [25],
    }),
  },
});

const egress = {
  default: mkOption({
    type: types.enum(["allow", "deny"]),
    default: "allow",
    description: "What is done with what no rule fits.",
  }),
  rules: mkOption({
    type: types.listOf(egressRule),
    default: [],
    description:
      "Where VMs may connect to, the host's own addresses included. The first rule that fits decides. What the network itself gives, addresses and names, is always allowed; VMs of one network reach each other unless it is `isolated`.",
    example: [{ action: "deny", to: "192.168.0.0/16" }],
  }),
  host: mkOption({
    type: types.bool,
    default: true,
    description: "Whether VMs may connect to services of the host itself, as far as the rules allow it.",
  }),
};

/** `microvm.networks.*`. */
const network = types.submodule({
  options: {
    subnet: mkOption({
      type: addressTypes.subnet,
      description: "IPv4 addresses of the network. The host has the first of them.",
      example: "10.1.0.0/24",
    }),
    subnet6: mkOption({
      type: types.nullOr(addressTypes.subnet6),
      default: null,
      description:
        "IPv6 addresses of the network, a /64, which VMs choose their own from. It leads out only where the host forwards IPv6 already. Null gives none.",
      example: "fd00:1::/64",
    }),
    nat: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether VMs reach what the host reaches, with the host's addresses, by its default route. Otherwise the network leads to the host and no further.",
    }),
    dhcp: mkOption({
      type: types.bool,
      default: true,
      description: "Whether VMs get their addresses from the host.",
    }),
    dns: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether the host answers for names: of the network's VMs, as `NAME` and `NAME.DOMAIN`, and of everything else that it can look up itself.",
    }),
    domain: mkOption({
      type: types.strMatching(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/),
      default: "internal",
      description: "Domain of the VMs' names.",
      example: "lan.example.org",
    }),
    nameservers: mkOption({
      type: types.listOf(addressTypes.ip),
      default: [],
      description: "Who is asked for other names. Without any, those of the host's `/etc/resolv.conf`.",
      example: ["9.9.9.9"],
    }),
    isolated: mkOption({
      type: types.bool,
      default: false,
      description: "Whether VMs of the network are kept from each other.",
    }),
    checkSources: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether a declared VM can send only from its own hardware and IPv4 address, and not pose as a router or as the network's server. False for a VM that routes for others.",
    }),
    egress,
    hosts: mkOption({
      type: types.attrsOf(
        types.submodule({
          options: {
            address: mkOption({
              type: types.nullOr(addressTypes.ipv4),
              default: null,
              description:
                "Address of the VM. Null derives one from its name, unless `networking.interfaces` of the guest gives it one.",
              example: "10.1.0.10",
            }),
            mac: mkOption({
              type: types.nullOr(types.strMatching(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/)),
              default: null,
              description:
                "Hardware address of a VM that is deployed from a `flake`, which the host does not look into. Null for VMs that are declared here.",
              example: "02:00:00:00:00:01",
            }),
          },
        }),
      ),
      default: {},
      description: "VMs with an address that is not left to the host, by name.",
      example: { web: { address: "10.1.0.10" } },
    }),
    forwardPorts: mkOption({
      type: types.listOf(forwardedPort),
      default: [],
      description: "Ports of the host that lead to VMs.",
      example: [{ host: { port: 8080 }, vm: "web", guest: { port: 80 } }],
    }),
  },
});

const networksOptions = {
  microvm: {
    networks: mkOption({
      type: types.attrsOf(network),
      default: {},
      description:
        'Networks of the host, by name. A guest is on one by an interface with `type: "tap"` and `network: "NAME"`, and nothing else has to be set up.',
      example: { lan: { subnet: "10.1.0.0/24" } },
    }),
  },
} as const;

/** The networks of a host, merged. */
export type NetworksConfig = InferConfig<typeof networksOptions>;

/** Declares them. */
export const networks = withFile("src/options/networks.ts", {
  options: networksOptions,
});
