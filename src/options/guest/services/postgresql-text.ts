/** PostgreSQL's configuration files, and the scripts of its unit. Pure. */
import type { PostgresqlConfig } from "./postgresql-options.ts";

/** Where the configuration lies. Debian's clusters have directories below it, by version and name. */
export const DIRECTORY = "/etc/postgresql";

/** postgresql.conf: the settings that are not null. */
export function settingsText({ settings }: PostgresqlConfig): string {
  return Object.entries(settings)
    .flatMap(([name, value]) => (value === null ? [] : [`${name} = ${settingWord(value)}\n`]))
    .sort()
    .join("");
}

function settingWord(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "number" ? String(value) : `'${value.replace(/['\\]/g, "$&$&")}'`;
}

/** What must be there: roles, then databases, then whose they are. Each statement may be run again. */
export function ensureText({ ensureDatabases, ensureUsers }: PostgresqlConfig): string {
  const make = (kind: string, name: string, catalogue: string) =>
    `SELECT 'CREATE ${kind} "${name}"' WHERE NOT EXISTS (SELECT FROM ${catalogue} = '${name}')\\gexec\n`;
  return [
    ...ensureUsers.map(({ name }) => make("USER", name, "pg_roles WHERE rolname")),
    ...ensureDatabases.map((name) => make("DATABASE", name, "pg_database WHERE datname")),
    ...ensureUsers.flatMap(({ name, ensureClauses }) => {
      const clauses = Object.entries(ensureClauses).flatMap(([clause, has]) =>
        has === null ? [] : [`${has ? "" : "NO"}${clause.toUpperCase()}`],
      );
      return clauses.length === 0 ? [] : [`ALTER ROLE "${name}" WITH ${clauses.join(" ")};\n`];
    }),
    ...ensureUsers
      .filter(({ ensureDBOwnership }) => ensureDBOwnership)
      .map(({ name }) => `ALTER DATABASE "${name}" OWNER TO "${name}";\n`),
  ].join("");
}

/** Puts the newest of the installed versions on the search path. */
const PROGRAMS = `bin=$(printf '%s\\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)\n`;

const INITDB =
  "--auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-instructions";

/** Makes the databases' directory at the first start. A new file system's own directory would be in the way. */
export function preStartScript({ dataDir, initdbArgs, initialScript }: PostgresqlConfig): string {
  return `${PROGRAMS}if [ ! -e ${dataDir}/PG_VERSION ]; then
  [ ! -d ${dataDir}/lost+found ] || rmdir ${dataDir}/lost+found
  "$bin/initdb" ${[INITDB, ...initdbArgs].join(" ")} --pgdata=${dataDir}
${initialScript === null ? "" : `  : >${dataDir}/.first_startup\n`}fi
`;
}

/** The server itself. */
export const START_SCRIPT = `${PROGRAMS}exec "$bin/postgres" -c config_file=${DIRECTORY}/postgresql.conf\n`;

/** Runs the initial script once, and makes what must be there. */
export function postStartScript(postgresql: PostgresqlConfig): string {
  const { dataDir, initialScript, settings } = postgresql;
  // Debian's own `psql` looks for a cluster first.
  const psql = `"$bin/psql" -qX -v ON_ERROR_STOP=1 -p ${settings.port} -d postgres`;
  const script = initialScript?.includes("/") ? initialScript : "$CREDENTIALS_DIRECTORY/initial-script";
  const commands = [
    initialScript === null
      ? ""
      : `if [ -e ${dataDir}/.first_startup ]; then\n  ${psql} -f "${script}"\n  rm ${dataDir}/.first_startup\nfi\n`,
    ensureText(postgresql) === "" ? "" : `${psql} -f ${DIRECTORY}/ensure.sql\n`,
  ].join("");
  return commands === "" ? "" : `${PROGRAMS}${commands}`;
}

/**
 * `-C` reads the settings. Who may connect is read by a server only, so one is started on a directory of its own and
 * none of the other settings; it ends when it is ready, or says what is wrong.
 */
export const CHECK_SCRIPT = `${PROGRAMS}mkdir -m 0700 /tmp/pg
chown postgres /tmp/pg
as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
failed() {
  sed 's/^[0-9-]* [0-9:.]* [A-Z]* \\[[0-9]*\\] //; /^LOG:  skipping missing configuration file/d' /tmp/said
  exit 1
}
as "$bin/postgres" -C data_directory -D /tmp/pg -c config_file=${DIRECTORY}/postgresql.conf >/tmp/said 2>&1 || failed
as "$bin/initdb" --auth=trust --no-sync --no-instructions --pgdata=/tmp/pg/data >/tmp/said 2>&1 || failed
as "$bin/pg_ctl" start --wait --silent --pgdata=/tmp/pg/data --log=/tmp/pg/log \\
  --options="-c hba_file=${DIRECTORY}/pg_hba.conf -c ident_file=${DIRECTORY}/pg_ident.conf -c listen_addresses= -c unix_socket_directories=/tmp/pg -c fsync=off" \\
  >/tmp/said 2>&1 || { cp /tmp/pg/log /tmp/said; failed; }
as "$bin/pg_ctl" stop --mode=immediate --silent --pgdata=/tmp/pg/data >/dev/null
`;
