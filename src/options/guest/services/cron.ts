/** `services.cron`. */
import { type InferConfig, mkIf, mkMerge, mkOption, types, withFile } from "../../../module-system/index.ts";
import { definitionFiles } from "../defined-in.ts";
import { generatedFile } from "../generated-file.ts";
import { type ReadText, readProjectText } from "../project-files.ts";
import type { usersOptions } from "../users.ts";

/** Options of cron. */
export const cronOptions = {
  services: {
    cron: {
      enable: mkOption({
        type: types.bool,
        default: false,
        description: "Whether to run cron. As in NixOS, jobs or files of jobs turn it on.",
        example: true,
      }),
      mailto: mkOption({
        type: types.nullOr(types.strMatching(/^[^\s"]*$/)),
        default: null,
        description:
          "Who is sent what jobs print. Debian's cron needs a mail server for that, and writes to the journal without one. Null says nothing.",
        example: "root",
      }),
      systemCronJobs: mkOption({
        type: types.listOf(types.strMatching(/^[^\n]+$/)),
        default: [],
        description: "Jobs, as lines of a crontab with the user in front of the command, crontab(5).",
        example: ["*/5 * * * * root /usr/local/bin/tidy"],
      }),
      cronFiles: mkOption({
        type: types.listOf(types.str),
        default: [],
        description:
          "Files of the project with more such lines, relative to its directory. They are read when the guest is evaluated.",
        example: ["jobs.cron"],
      }),
    },
  },
} as const;

type Config = InferConfig<typeof cronOptions & typeof usersOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
  readonly readText?: ReadText;
}

const PATH = ["services", "cron"];

const implementation = (args: Arguments) => {
  const { config, options } = args;
  const cron = () => config.services.cron;
  const text = () => crontab(cron(), args.readText);
  return {
    config: mkMerge([
      mkIf(() => cron().systemCronJobs.length + cron().cronFiles.length > 0, {
        services: { cron: { enable: true } },
      }),
      mkIf(() => cron().enable, {
        environment: {
          servicePackages: ["cron"],
          etc: { "cron.d/microvm": generatedFile(options, PATH, text) },
        },
        system: {
          checks: {
            cron: {
              option: "services.cron",
              definedIn: () => definitionFiles(options, PATH),
              program: "/usr/bin/crontab",
              files: ["/etc/cron.d/microvm"],
              script: () => checkScript(Object.keys(config.users.users)),
            },
          },
        },
      }),
    ]),
  };
};

/** A table of `/etc/cron.d`, where cron itself sets a shorter search path than a login has. */
function crontab(
  { mailto, systemCronJobs, cronFiles }: Config["services"]["cron"],
  readText?: ReadText,
): string {
  return [
    "SHELL=/bin/sh",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...(mailto === null ? [] : [`MAILTO="${mailto}"`]),
    ...systemCronJobs,
    ...cronFiles.map((path) => readProjectText(readText, "services.cron.cronFiles", path).trimEnd()),
    "",
  ].join("\n");
}

/** crontab(1) checks tables without users: they are taken out, and looked for among the accounts. */
function checkScript(declared: readonly string[]): string {
  const when = "(@[a-z]+|([^[:space:]@#=]+[[:space:]]+){4}[^[:space:]]+)[[:space:]]+";
  return `table=/etc/cron.d/microvm
sed -E 's/^[[:space:]]*(${when})[^[:space:]]+[[:space:]]*/\\1/' $table >/tmp/table
crontab -n /tmp/table >/tmp/said 2>&1 || { cat /tmp/said; exit 1; }
sed -nE 's/^[[:space:]]*(${when})([^[:space:]]+).*/\\4/p' $table | sort -u >/tmp/users
while read -r user; do
  case " ${declared.join(" ")} " in *" $user "*) continue ;; esac
  getent passwd "$user" >/dev/null || { echo "no user \\"$user\\""; exit 1; }
done </tmp/users
`;
}

/** Declares them, and runs the package set's cron. */
export const cron = withFile("src/options/guest/services/cron.ts", {
  imports: [implementation],
  options: cronOptions,
});
