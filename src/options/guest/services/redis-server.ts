/** `services.redis.servers.*`. */
import { mkOption, type OptionType, types } from "../../../module-system/index.ts";
import { submoduleIn } from "../../submodule-in.ts";

const orNull = <T>(type: OptionType<T>, description: string, example: T) =>
  mkOption({ type: types.nullOr(type), default: null, description, example });

const line = types.strMatching(/^[^\n]*$/);

/** Value of a setting of redis.conf. */
const setting = types.oneOf([types.bool, types.int, line, types.listOf(line)]) as OptionType<
  boolean | number | string | readonly string[]
>;

/** The type of a server. */
export const redisServer = submoduleIn("src/options/guest/services/redis-server.ts", {
  enable: mkOption({
    type: types.bool,
    default: false,
    description: "Whether the server runs.",
    example: true,
  }),
  port: mkOption({
    type: types.port,
    defaultText: "6379 for the server without a name, else 0",
    default: ({ name }: { readonly name: string }) => (name === "" ? 6379 : 0),
    description: "TCP port to listen on. 0 listens on the socket only.",
    example: 6380,
  }),
  bind: mkOption({
    type: types.nullOr(types.strMatching(/^[0-9A-Za-z.:*-]+( [0-9A-Za-z.:*-]+)*$/)),
    default: "127.0.0.1",
    description: "Addresses to listen on. Null means all.",
    example: "127.0.0.1 ::1",
  }),
  openFirewall: mkOption({
    type: types.bool,
    default: false,
    description: "Whether the firewall lets the port in.",
  }),
  unixSocket: mkOption({
    type: types.nullOr(types.path),
    defaultText: "`redis.sock` in the server's directory below `/run`: `redis`, or `redis-NAME`",
    default: ({ name }: { readonly name: string }) =>
      name === "" ? "/run/redis/redis.sock" : `/run/redis-${name}/redis.sock`,
    description: "Socket to listen on. Null has none.",
    example: "/run/redis/redis.sock",
  }),
  unixSocketPerm: mkOption({
    type: types.ints.between(0, 777),
    default: 660,
    description: "Permissions of the socket, in octal. Members of the group `redis` may use it with 660.",
  }),
  databases: mkOption({ type: types.ints.positive, default: 16, description: "Number of databases." }),
  maxclients: mkOption({
    type: types.ints.positive,
    default: 10000,
    description: "How many clients are served.",
  }),
  save: mkOption({
    type: types.listOf(types.listOf(types.ints.unsigned)),
    default: [
      [900, 1],
      [300, 10],
      [60, 10000],
    ],
    description: "When data is saved: after so many seconds with so many changes. Empty saves nothing.",
    example: [[60, 1]],
  }),
  appendOnly: mkOption({
    type: types.bool,
    default: false,
    description: "Whether each change is written to a log, so that fewer are lost.",
  }),
  appendFsync: mkOption({
    type: types.enum(["always", "everysec", "no"]),
    default: "everysec",
    description: "When that log is brought to the disk.",
  }),
  logLevel: mkOption({
    type: types.enum(["debug", "verbose", "notice", "warning"]),
    default: "notice",
    description: "How much is logged, to the journal.",
  }),
  requirePass: orNull(
    line,
    "Password in clear: refused, since it would get into the store. `requirePassFile` takes a credential. Null asks for none.",
    "x",
  ),
  requirePassFile: orNull(
    types.str,
    "Name of a credential of `microvm.credentialFiles` with the password that clients must give. NixOS takes a path. Null asks for none.",
    "redis-password",
  ),
  masterAuth: orNull(
    line,
    "Password in clear: refused, since it would get into the store. `masterAuthFile` takes a credential. Null gives none.",
    "x",
  ),
  masterAuthFile: orNull(
    types.str,
    "Name of a credential of `microvm.credentialFiles` with the password for the server that this one copies. Null gives none.",
    "redis-master",
  ),
  slaveOf: orNull(
    types.submodule({
      options: {
        ip: mkOption({
          type: types.strMatching(/^[^\s"]+$/),
          description: "Address of the server.",
          example: "10.0.0.2",
        }),
        port: mkOption({ type: types.port, default: 6379, description: "Its port." }),
      },
    }) as OptionType<{ readonly ip: string; readonly port: number }>,
    "Server that this one is a copy of. Null makes it none.",
    { ip: "10.0.0.2", port: 6379 },
  ),
  settings: mkOption({
    type: types.attrsOf(setting),
    default: {},
    description:
      "More settings of redis.conf, by name; a list repeats the setting. They win over those of the options.",
    example: { maxmemory: "64mb", "maxmemory-policy": "allkeys-lru" },
  }),
});
