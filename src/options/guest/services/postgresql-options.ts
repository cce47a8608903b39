/** The options of PostgreSQL. */
import {
  type InferConfig,
  mkEnableOption,
  mkOption,
  type OptionType,
  types,
} from "../../../module-system/index.ts";
import { plainPath } from "../../plain-path.ts";

/** A name of a database or a role that needs no quotes inside quotes. */
const identifier = types.strMatching(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/);

const clause = (description: string) =>
  mkOption({
    type: types.nullOr(types.bool),
    default: null,
    description: `${description} Null leaves it.`,
    example: true,
  });

/** `services.postgresql.ensureUsers.*`. */
const ensuredUser = types.submodule({
  options: {
    name: mkOption({ type: identifier, description: "Name of the role.", example: "app" }),
    ensureDBOwnership: mkOption({
      type: types.bool,
      default: false,
      description: "Whether the database of the same name belongs to the role.",
    }),
    ensureClauses: {
      superuser: clause("Whether the role may do everything."),
      createrole: clause("Whether it may make roles."),
      createdb: clause("Whether it may make databases."),
      inherit: clause("Whether it has the rights of the roles that it is a member of."),
      login: clause("Whether it may connect. A new role may."),
      replication: clause("Whether it may copy the whole cluster."),
      bypassrls: clause("Whether row security does not hold for it."),
    },
  },
});

/** Value of a setting of postgresql.conf. */
const setting = types.nullOr(
  types.oneOf([types.bool, types.number, types.strMatching(/^[^\n]*$/)]),
) as OptionType<boolean | number | string | null>;

/** Options of the PostgreSQL server. */
export const postgresqlOptions = {
  services: {
    postgresql: {
      enable: mkEnableOption(
        "the PostgreSQL server, as `postgresql.service`. Debian's clusters (`pg_lsclusters`) are not used: its own `main` is not made",
      ),
      package: mkOption({
        type: types.strMatching(/^postgresql(-\d+)?$/),
        default: "postgresql",
        description: "Package of the server. `postgresql` is the suite's version.",
        example: "postgresql-17",
      }),
      extensions: mkOption({
        type: types.listOf(types.strMatching(/^[a-z0-9][a-z0-9+.-]+$/)),
        default: [],
        description: "Packages with extensions. In NixOS a function of the server's package set.",
        example: ["postgresql-17-postgis-3"],
      }),
      dataDir: mkOption({
        type: plainPath,
        default: "/var/lib/postgresql/data",
        description:
          "Directory of the databases, made for the user `postgres` at the first start. It lasts on a volume that is mounted there or above. In NixOS its name has the server's version.",
        example: "/var/lib/postgresql/17",
      }),
      initdbArgs: mkOption({
        type: types.listOf(types.strMatching(/^[A-Za-z0-9_=,.@/:-]+$/)),
        default: [],
        description:
          "More arguments for initdb, which makes the directory at the first start. Before them stand `--encoding=UTF8` and `--locale=C.UTF-8`.",
        example: ["--data-checksums"],
      }),
      enableTCPIP: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether the server listens on all addresses, and not on `localhost` alone. The firewall does not open its port.",
      }),
      enableJIT: mkOption({ type: types.bool, default: false, description: "Whether queries are compiled." }),
      authentication: mkOption({
        type: types.lines,
        default: "",
        description:
          "Lines of pg_hba.conf. Behind them stand the usual ones: users of the guest are roles of the same name on the socket, and give a password on `localhost`. `mkForce` replaces those, too.",
        example: "host app app 10.0.0.0/8 scram-sha-256\n",
      }),
      identMap: mkOption({
        type: types.lines,
        default: "",
        description: "Lines of pg_ident.conf.",
        example: "web www-data app\n",
      }),
      settings: mkOption({
        type: types.attrsOf(setting),
        default: {},
        description: "Settings of postgresql.conf, by name. Null leaves one out.",
        example: { port: 5432, shared_buffers: "128MB", log_connections: true },
      }),
      ensureDatabases: mkOption({
        type: types.listOf(identifier),
        default: [],
        description: "Databases that are made when they are missing. None is ever removed.",
        example: ["app"],
      }),
      ensureUsers: mkOption({
        type: types.listOf(ensuredUser),
        default: [],
        description:
          "Roles that are made when they are missing. None is ever removed. On the socket the guest's user of the same name needs no password.",
        example: [{ name: "app", ensureDBOwnership: true }],
      }),
      initialScript: mkOption({
        type: types.nullOr(types.str),
        default: null,
        description:
          "SQL that is run once, at the first start. Such a script often sets passwords, so this is the name of a credential of `microvm.credentialFiles`; or else the path of a file of the guest, such as one of `environment.etc`, which everyone can read. Null runs none.",
        example: "initial.sql",
      }),
    },
  },
} as const;

/** What the options of PostgreSQL come to. */
export type PostgresqlConfig = InferConfig<typeof postgresqlOptions>["services"]["postgresql"];
