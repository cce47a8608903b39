/** `services.postgresql`. */
import { type InferConfig, mkAfter, mkDefault, mkIf, withFile } from "../../../module-system/index.ts";
import type { credentialsOptions } from "../credentials.ts";
import { definitionFiles } from "../defined-in.ts";
import { generatedFile } from "../generated-file.ts";
import { type PostgresqlConfig, postgresqlOptions } from "./postgresql-options.ts";
import {
  CHECK_SCRIPT,
  DIRECTORY,
  ensureText,
  postStartScript,
  preStartScript,
  START_SCRIPT,
  settingsText,
} from "./postgresql-text.ts";

type Config = InferConfig<typeof postgresqlOptions & typeof credentialsOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
}

const PATH = ["services", "postgresql"];

/** Runs the package set's PostgreSQL. */
const implementation = ({ config, options }: Arguments) => {
  const postgresql = () => config.services.postgresql;
  const file = (text: () => string) => generatedFile(options, PATH, text);
  return {
    config: mkIf(() => postgresql().enable, {
      environment: {
        servicePackages: () => [postgresql().package, ...postgresql().extensions],
        // Debian's own cluster would be in the layers, the same in every guest.
        packageSettings: {
          "/etc/postgresql-common/createcluster.d/microvm.conf": "create_main_cluster = false\n",
        },
        etc: {
          "postgresql/postgresql.conf": file(() => settingsText(postgresql())),
          "postgresql/pg_hba.conf": file(() => tidy(postgresql().authentication)),
          "postgresql/pg_ident.conf": file(() => tidy(postgresql().identMap)),
          "postgresql/ensure.sql": mkIf(() => ensureText(postgresql()) !== "", {
            text: () => `-- services.postgresql\n${ensureText(postgresql())}`,
          }),
        },
      },
      services: { postgresql: { settings: defaults(postgresql), authentication: mkAfter(AUTHENTICATION) } },
      systemd: {
        services: { postgresql: unit(postgresql) },
        tmpfiles: {
          settings: {
            postgresql: () => ({
              "/var/lib/postgresql": { d: { mode: "0755", user: "postgres", group: "postgres" } },
              [postgresql().dataDir]: { d: { mode: "0700", user: "postgres", group: "postgres" } },
            }),
          },
        },
      },
      networking: { listeners: () => listeners(postgresql()) },
      microvm: {
        credentialUses: () => {
          const { initialScript: name } = postgresql();
          return name === null || name.includes("/") ? [] : [{ option: [...PATH, "initialScript"], name }];
        },
      },
      system: {
        checks: {
          postgresql: {
            option: "services.postgresql",
            definedIn: () => definitionFiles(options, PATH),
            program: "/usr/lib/postgresql",
            files: [DIRECTORY],
            script: CHECK_SCRIPT,
          },
        },
      },
    }),
  };
};

/** What the files need to find each other, and NixOS's choices. */
function defaults(postgresql: () => PostgresqlConfig) {
  return {
    data_directory: mkDefault(() => postgresql().dataDir),
    hba_file: mkDefault(`${DIRECTORY}/pg_hba.conf`),
    ident_file: mkDefault(`${DIRECTORY}/pg_ident.conf`),
    unix_socket_directories: mkDefault("/run/postgresql"),
    listen_addresses: mkDefault(() => (postgresql().enableTCPIP ? "*" : "localhost")),
    port: mkDefault(5432),
    jit: mkDefault(() => postgresql().enableJIT),
    // The journal knows the time.
    log_line_prefix: mkDefault("[%p] "),
  };
}

/** Without the empty lines between definitions. */
function tidy(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `${line}\n`)
    .join("");
}

const AUTHENTICATION = `local all all peer
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
`;

/** Debian's unit of this name starts its clusters; this makes it the server's own. */
function unit(postgresql: () => PostgresqlConfig) {
  const credential = () => {
    const { initialScript: name } = postgresql();
    return name === null || name.includes("/") ? null : `initial-script:${name}`;
  };
  return {
    description: "PostgreSQL server",
    wantedBy: ["multi-user.target"],
    after: ["network.target"],
    unitConfig: { RequiresMountsFor: () => [postgresql().dataDir] },
    preStart: () => preStartScript(postgresql()),
    script: START_SCRIPT,
    postStart: () => postStartScript(postgresql()),
    reloadTriggers: () => [postgresql().authentication, postgresql().identMap],
    restartTriggers: () => [settingsText(postgresql()), ensureText(postgresql())],
    serviceConfig: {
      Type: "notify",
      RemainAfterExit: false,
      User: "postgres",
      Group: "postgres",
      RuntimeDirectory: "postgresql",
      RuntimeDirectoryMode: "2775",
      LoadCredential: () => credential(),
      ExecReload: ["", "/bin/kill -HUP $MAINPID"],
      // A fast shutdown: clients are sent away.
      KillSignal: "SIGINT",
      KillMode: "mixed",
      // Recovery after a crash takes as long as it takes.
      TimeoutStartSec: "infinity",
      TimeoutStopSec: 120,
      OOMScoreAdjust: -900,
    },
  };
}

function listeners({ settings }: PostgresqlConfig) {
  const { port, listen_addresses: addresses } = settings;
  if (typeof port !== "number" || typeof addresses !== "string") return [];
  return addresses
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "")
    .map((address) => ({
      service: "services.postgresql",
      option: [...PATH, "settings", "port"],
      address,
      port,
    }));
}

/** Declares the options, and runs the package set's PostgreSQL. */
export const postgresql = {
  imports: [
    withFile("src/options/guest/services/postgresql-options.ts", { options: postgresqlOptions }),
    withFile("src/options/guest/services/postgresql.ts", implementation),
  ],
};
