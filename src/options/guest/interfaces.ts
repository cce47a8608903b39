/** `microvm.interfaces` and `microvm.forwardPorts`: the machine on the host's networks. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** `microvm.interfaces.*`. */
const networkInterface = types.submodule({
  options: {
    type: mkOption({
      type: types.enum(["user", "tap", "macvtap", "bridge"]),
      description: "How the interface is attached on the host.",
      example: "user",
    }),
    id: mkOption({
      type: types.strMatching(/^[A-Za-z0-9_.-]{1,15}$/),
      description: "Name of the interface on the host, at most 15 characters and unique.",
      example: "net0",
    }),
    mac: mkOption({
      type: types.nullOr(types.strMatching(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/)),
      default: null,
      description:
        "Hardware address. Null derives a locally administered one from the names of the VM and the interface.",
      example: "02:00:00:00:00:01",
    }),
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
