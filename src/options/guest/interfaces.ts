/** `microvm.interfaces` and `microvm.forwardPorts`: the machine on the host's networks. */
import { mkOption, types, withFile } from "../../module-system/index.ts";
import { NETWORK_NAME } from "../network-name.ts";

/** Name of an interface of the host: no path below `/sys`, and no word that ip(8) reads otherwise. */
const interfaceName = types.strMatching(/^(?!\.{1,2}$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/);

/** `microvm.interfaces.*`. */
const networkInterface = types.submodule({
  options: {
    type: mkOption({
      type: types.enum(["user", "tap", "macvtap", "bridge"]),
      description: "How the interface is attached on the host.",
      example: "user",
    }),
    id: mkOption({
      type: interfaceName,
      description:
        "Name of the interface on the host, where it must be unique, and in the guest; at most 15 characters.",
      example: "net0",
    }),
    mac: mkOption({
      type: types.nullOr(types.strMatching(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/)),
      default: null,
      description:
        "Hardware address. Null derives a locally administered one from the names of the VM and the interface.",
      example: "02:00:00:00:00:01",
    }),
    network: mkOption({
      type: types.nullOr(NETWORK_NAME),
      default: null,
      description:
        "Network of the host, from its `microvm.networks`, that an interface of the type `tap` is on. With it nothing else has to be set up. Null leaves the tap alone, for whoever sets it up by its `id`.",
      example: "lan",
    }),
    bridge: mkOption({
      type: types.nullOr(interfaceName),
      default: null,
      description:
        "Bridge of the host that an interface of the type `bridge` joins, and only such a one. The bridge must be there when the VM starts. Unlike in microvm.nix no setuid helper is involved: the runner's `tap-up` makes a tap and attaches it. Null for the other types.",
      example: "br0",
    }),
    tap: {
      vhost: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether the host's kernel moves the packets of a tap, which is faster. Where `/dev/vhost-net` cannot be opened when the VM starts, the hypervisor moves them.",
      }),
    },
    macvtap: {
      link: mkOption({
        type: types.nullOr(interfaceName),
        default: null,
        description:
          "Interface of the host that an interface of the type `macvtap` is on. Null for the other types.",
        example: "eth0",
      }),
      mode: mkOption({
        type: types.enum(["private", "vepa", "bridge", "passthru", "source"]),
        default: "bridge",
        description: "How macvtaps of one interface reach each other, ip-link(8).",
      }),
    },
  },
});

/** One side of a forwarded port. */
const endpoint = (address: string, example: string) =>
  types.submodule({
    options: {
      address: mkOption({
        type: types.str,
        default: address,
        description: "Address to listen at or to connect to; empty for any.",
        example,
      }),
      port: mkOption({ type: types.port, description: "Port number.", example: 8080 }),
    },
  });

/** `microvm.forwardPorts.*`. */
const forwardedPort = types.submodule({
  options: {
    from: mkOption({
      type: types.enum(["host", "guest"]),
      default: "host",
      description: "The side that listens.",
    }),
    proto: mkOption({
      type: types.enum(["tcp", "udp"]),
      default: "tcp",
      description: "Protocol of the port.",
    }),
    host: mkOption({
      type: endpoint("127.0.0.1", "0.0.0.0"),
      description: "The host's side.",
      example: { port: 8080 },
    }),
    guest: mkOption({
      type: endpoint("", "10.0.2.15"),
      description: "The guest's side.",
      example: { port: 80 },
    }),
  },
});

/** Options of the network interfaces. */
export const interfacesOptions = {
  microvm: {
    interfaces: mkOption({
      type: types.listOf(networkInterface),
      default: [],
      description: "Network interfaces of the machine.",
      example: [{ type: "user", id: "net0" }],
    }),
    forwardPorts: mkOption({
      type: types.listOf(forwardedPort),
      default: [],
      description:
        "Ports that lead from the host to the guest or back, through the interface of the type `user`.",
      example: [{ host: { port: 8080 }, guest: { port: 80 } }],
    }),
  },
} as const;

/** Declares them. */
export const interfaces = withFile("src/options/guest/interfaces.ts", { options: interfacesOptions });
