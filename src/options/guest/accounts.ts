/** What follows from `users`: homes, keys, and passwords that the host keeps. */
import { type InferConfig, mkIf, mkMerge, withFile } from "../../module-system/index.ts";
import { type ProjectFiles, readProjectText } from "./project-files.ts";
import type { usersOptions } from "./users.ts";

type Config = InferConfig<typeof usersOptions>;
type User = Config["users"]["users"][string];

interface Arguments extends ProjectFiles {
  readonly config: Config;
}

const implementation = ({ config, readText }: Arguments) => {
  const all = () => Object.entries(config.users.users);
  const fromHost = () => all().filter(([, user]) => user.hashedPasswordFile !== null);
  return {
    config: {
      environment: {
        servicePackages: () => [
          ...all().flatMap(([, user]) => user.packages),
          // A user's service manager is started by way of PAM.
          ...(all().some(([, user]) => user.linger) ? ["libpam-systemd"] : []),
        ],
        etc: () =>
          Object.fromEntries(
            all()
              .map(([name, user]) => [name, authorizedKeys(name, user, readText)] as const)
              .filter(([, text]) => text !== "")
              .map(([name, text]) => [`ssh/authorized_keys.d/${name}`, { text }]),
          ),
      },
      systemd: {
        tmpfiles: {
          settings: mkMerge([
            mkIf(() => all().some(([, user]) => makesHome(user)), {
              "microvm-homes": () =>
                Object.fromEntries(
                  all()
                    .filter(([, user]) => makesHome(user))
                    .map(([name, user]) => [
                      user.home ?? `/home/${name}`,
                      {
                        d: {
                          mode: user.homeMode,
                          user: name,
                          group: user.group ?? (user.isNormalUser ? "users" : name),
                        },
                      },
                    ]),
                ),
            }),
            mkIf(() => all().some(([, user]) => user.linger), {
              "microvm-linger": () =>
                Object.fromEntries(
                  all()
                    .filter(([, user]) => user.linger)
                    .map(([name]) => [`/var/lib/systemd/linger/${name}`, { f: { mode: "0644" } }]),
                ),
            }),
          ]),
        },
        services: mkMerge([
          mkIf(() => fromHost().length > 0, { "user-passwords": () => passwordService(fromHost()) }),
          mkIf(() => !config.users.mutableUsers, { "immutable-users": immutableUsers }),
        ]),
      },
    },
  };
};

/** Defines files and services of the declared users. */
export const accounts = withFile("src/options/guest/accounts.ts", implementation);

function makesHome({ createHome, isNormalUser }: User): boolean {
  return createHome ?? isNormalUser;
}

function authorizedKeys(name: string, user: User, readText: ProjectFiles["readText"]): string {
  const { keys, keyFiles } = user.openssh.authorizedKeys;
  const option = `users.users.${name}.openssh.authorizedKeys.keyFiles`;
  return [...keys, ...keyFiles.map((file) => readProjectText(readText, option, file).trim())]
    .map((key) => `${key}\n`)
    .join("");
}

/** Before anything that a user could log in by. */
const EARLY = {
  wantedBy: ["sysinit.target"],
  before: ["sysinit.target", "shutdown.target"],
  unitConfig: { DefaultDependencies: false, Conflicts: "shutdown.target" },
};

/** The hash goes from the credential to chpasswd by a pipe: no command line, file or log has it. */
function passwordService(users: readonly (readonly [string, User])[]) {
  const lines = users.map(([name, user]) => `password '${name}' '${user.hashedPasswordFile}'\n`);
  return {
    ...EARLY,
    description: "Passwords from credentials (users.users.*.hashedPasswordFile)",
    after: ["local-fs.target"],
    serviceConfig: {
      Type: "oneshot",
      RemainAfterExit: true,
      LoadCredential: users.map(([, user]) => `${user.hashedPasswordFile}:${user.hashedPasswordFile}`),
    },
    script: `password() {
  hash=$(head -n 1 "$CREDENTIALS_DIRECTORY/$2")
  case $hash in
    '$'* | '!'* | '*'*) printf '%s:%s\\n' "$1" "$hash" | chpasswd --encrypted ;;
    *)
      echo "The credential \\"$2\\" holds no password as crypt(5) writes it" >&2
      return 1
      ;;
  esac
}
${lines.join("")}`,
  };
}

/** A file that is a mount point can be neither written nor replaced. */
const immutableUsers = {
  ...EARLY,
  description: "Read-only account files (users.mutableUsers)",
  after: ["local-fs.target", "user-passwords.service", "systemd-sysusers.service"],
  serviceConfig: { Type: "oneshot", RemainAfterExit: true },
  script: `for name in passwd shadow group gshadow; do
  mount --bind -o ro "/etc/$name" "/etc/$name"
done
`,
};
