/** `services.redis`. */
import {
  type InferConfig,
  mkDefault,
  mkIf,
  mkOption,
  types,
  withFile,
} from "../../../module-system/index.ts";
import type { credentialsOptions } from "../credentials.ts";
import { definitionFiles, optionName } from "../defined-in.ts";
import { generatedFile } from "../generated-file.ts";
import { redisServer } from "./redis-server.ts";
import { checkScript, instanceNames, redisText, secretsScript } from "./redis-text.ts";

/** Options of Redis. */
export const redisOptions = {
  services: {
    redis: {
      vmOverCommit: mkOption({
        type: types.bool,
        default: true,
        description:
          "Whether the kernel hands out more memory than there is, so that a server can save in the background: `vm.overcommit_memory`.",
      }),
      servers: mkOption({
        type: types.attrsOf(redisServer),
        default: {},
        description:
          "Redis servers, by name. The one without a name is Debian's `redis-server.service` with its data in `/var/lib/redis`; `NAME` is `redis-server@NAME.service` with its data in `/var/lib/redis-NAME`. In NixOS they are `redis` and `redis-NAME`. All of them run as the user `redis`.",
        example: { "": { enable: true }, sessions: { enable: true, port: 6380 } },
      }),
    },
  },
} as const;

type Config = InferConfig<typeof redisOptions & typeof credentialsOptions>;
type Server = Config["services"]["redis"]["servers"][string];

interface Arguments {
  readonly config: Config;
  readonly options: object;
}

const PATH = ["services", "redis", "servers"];

/** Runs the package set's Redis, once for each server. */
const implementation = ({ config, options }: Arguments) => {
  const redis = () => config.services.redis;
  const servers = () => Object.entries(redis().servers).filter(([, { enable }]) => enable);
  const each = <T>(make: (name: string, server: Server) => Record<string, T>) =>
    Object.assign({}, ...servers().map(([name, server]) => make(name, server))) as Record<string, T>;
  return {
    config: mkIf(() => servers().length > 0, {
      environment: {
        servicePackages: ["redis-server", "redis-tools"],
        etc: () =>
          each((name, server) => ({
            [`redis/${instanceNames(name).file}`]: generatedFile(options, [...PATH, name], () =>
              redisText(name, server),
            ),
          })),
      },
      boot: {
        kernel: { sysctl: { "vm.overcommit_memory": mkIf(() => redis().vmOverCommit, mkDefault(1)) } },
      },
      systemd: {
        services: () => ({
          // The package starts it.
          ...(redis().servers[""]?.enable ? {} : { "redis-server": { enable: false } }),
          ...each((name, server) => ({ [instanceNames(name).unit]: unit(name, server) })),
        }),
      },
      networking: {
        firewall: {
          allowedTCPPorts: () =>
            servers().flatMap(([, { openFirewall, port }]) => (openFirewall && port > 0 ? [port] : [])),
        },
        listeners: () => servers().flatMap(([name, server]) => listeners(name, server)),
      },
      microvm: {
        credentialUses: () =>
          servers().flatMap(([name, { requirePassFile, masterAuthFile }]) => [
            ...use(name, "requirePassFile", requirePassFile),
            ...use(name, "masterAuthFile", masterAuthFile),
          ]),
      },
      system: {
        checks: () =>
          each((name, server) => ({
            [instanceNames(name).check]: {
              option: optionName([...PATH, name]),
              definedIn: definitionFiles(options, [...PATH, name]),
              program: "/usr/bin/redis-server",
              files: [`/etc/redis/${instanceNames(name).file}`],
              script: checkScript(name, server),
            },
          })),
      },
      assertions: () => servers().flatMap(([name, server]) => secretAssertions(name, server, options)),
    }),
  };
};

function unit(name: string, server: Server) {
  const { state } = instanceNames(name);
  const secrets = secretsScript(server);
  return {
    ...(name !== "" && { wantedBy: ["multi-user.target"] }),
    unitConfig: { RequiresMountsFor: [`/var/lib/${state}`] },
    serviceConfig: {
      StateDirectory: state,
      StateDirectoryMode: "0750",
      ...(secrets !== "" && {
        LoadCredential: [server.requirePassFile, server.masterAuthFile].flatMap((credential) =>
          credential === null ? [] : [`${credential}:${credential}`],
        ),
        // The package's unit lets nothing run but the server.
        ExecPaths: ["/usr"],
      }),
    },
    preStart: secrets,
    restartTriggers: [redisText(name, server)],
  };
}

function listeners(name: string, { port, bind }: Server) {
  const addresses = bind === null ? [null] : bind.split(" ").map((address) => address.replace(/^-/, ""));
  return port === 0
    ? []
    : addresses.map((address) => ({
        service: optionName([...PATH, name]),
        option: [...PATH, name, "port"],
        address,
        port,
      }));
}

function use(name: string, option: string, credential: string | null) {
  return credential === null ? [] : [{ option: [...PATH, name, option], name: credential }];
}

/** The values are not shown. */
function secretAssertions(name: string, server: Server, options: object) {
  return (["requirePass", "masterAuth"] as const).map((option) => {
    const files = definitionFiles(options, [...PATH, name]).map((file) => `"${file}"`);
    return {
      assertion: server[option] === null,
      message: `"${optionName([...PATH, name, option])}" in ${files.join(" and ")} is a secret in clear, which would get into the store: use "${option}File" with a credential`,
    };
  });
}

/** Declares them, and runs the package set's Redis. */
export const redis = withFile("src/options/guest/services/redis.ts", {
  imports: [implementation],
  options: redisOptions,
});
