/** The text of redis.conf, and what is needed around it. Pure. */
import type { OptionType } from "../../../module-system/index.ts";
import type { redisServer } from "./redis-server.ts";

type Server = typeof redisServer extends OptionType<infer T, infer _> ? T : never;

/** Debian's own names for a server: its unit, its file in `/etc/redis`, its directories; and its check's. */
export function instanceNames(name: string) {
  return name === ""
    ? { unit: "redis-server", file: "redis.conf", state: "redis", check: "redis" }
    : {
        unit: `redis-server@${name}`,
        file: `redis-${name}.conf`,
        state: `redis-${name}`,
        check: `redis-${name}`,
      };
}

/** The server's configuration. Passwords are in a file of their own, which is made when it starts. */
export function redisText(name: string, server: Server): string {
  const { state } = instanceNames(name);
  const own: Record<string, Server["settings"][string]> = {
    port: server.port,
    ...(server.bind !== null && { bind: server.bind }),
    ...(server.unixSocket !== null && {
      unixsocket: server.unixSocket,
      unixsocketperm: server.unixSocketPerm,
    }),
    dir: `/var/lib/${state}`,
    databases: server.databases,
    maxclients: server.maxclients,
    save: server.save.length === 0 ? '""' : server.save.map((pair) => pair.join(" ")),
    appendonly: server.appendOnly,
    appendfsync: server.appendFsync,
    loglevel: server.logLevel,
    ...(server.slaveOf !== null && { replicaof: `${server.slaveOf.ip} ${server.slaveOf.port}` }),
  };
  const lines = Object.entries({ ...own, ...server.settings }).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${key} ${word(one)}\n`),
  );
  return [...lines, hasSecrets(server) ? `include ${secretsFile(name)}\n` : ""].join("");
}

function word(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

function hasSecrets({ requirePassFile, masterAuthFile }: Server): boolean {
  return requirePassFile !== null || masterAuthFile !== null;
}

const secretsFile = (name: string) => `/run/${instanceNames(name).state}/secrets.conf`;

/** Shell commands that write the file with the passwords when the server starts; none without passwords. */
export function secretsScript(server: Server): string {
  if (!hasSecrets(server)) return "";
  const line = (setting: string, credential: string | null) =>
    credential === null ? "" : `secret ${setting} "$CREDENTIALS_DIRECTORY/${credential}"\n`;
  return `# A quoted word of redis.conf.
secret() {
  printf '%s "%s"\\n' "$1" "$(sed 's/[\\\\"]/\\\\&/g' "$2")"
}
umask 077
{
${line("requirepass", server.requirePassFile)}${line("masterauth", server.masterAuthFile)}} >"$RUNTIME_DIRECTORY/secrets.conf"
`;
}

/**
 * redis-server has no mode that only checks. It reads its whole configuration before it starts, and starts with none
 * that has a setting that it does not know: so the check adds one, and whatever else it complains of is at fault.
 */
export function checkScript(name: string, server: Server): string {
  const secrets = hasSecrets(server)
    ? `mkdir -p /run/${instanceNames(name).state}\n: >${secretsFile(name)}\n`
    : "";
  return `${secrets}{
  cat /etc/redis/${instanceNames(name).file}
  echo 'end-of-check x'
} >/tmp/redis.conf
mkdir -p /var/lib/${instanceNames(name).state}
redis-server /tmp/redis.conf --port 0 --unixsocket '' --daemonize no --logfile '' >/tmp/said 2>&1 || :
if grep -q '^\\*\\*\\* FATAL CONFIG FILE ERROR' /tmp/said; then
  sed -n '/^Reading the configuration file/,$p' /tmp/said
  grep -q "^>>> 'end-of-check x'" /tmp/said || exit 1
  exit 0
fi
sed -n "s/.*# >>> '\\(.*\\)'\\$/unknown setting: \\1/p" /tmp/said | grep -v ': end-of-check x$' || exit 0
exit 1
`;
}
