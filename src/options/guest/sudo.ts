/** `security.sudo`. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../module-system/index.ts";
import { definitionFiles } from "./defined-in.ts";
import { generatedFile } from "./generated-file.ts";

/** A word of sudoers(5) that ends no line and begins no comment. */
const word = types.strMatching(/^[^\n#]+$/);
const names = types.listOf(types.strMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/));

/** `security.sudo.extraRules.*`. */
const rule = types.submodule({
  options: {
    users: mkOption({ type: names, default: [], description: "Users of the rule.", example: ["alice"] }),
    groups: mkOption({ type: names, default: [], description: "Groups of the rule.", example: ["admins"] }),
    host: mkOption({
      type: word,
      default: "ALL",
      description: "Hosts that the rule is for.",
      example: "web",
    }),
    runAs: mkOption({
      type: word,
      default: "ALL:ALL",
      description: "User and group that the commands may be run as.",
      example: "www-data",
    }),
    commands: mkOption({
      type: types.listOf(
        types.coercedTo(
          word,
          (command: string) => ({ command }),
          types.submodule({
            options: {
              command: mkOption({
                type: word,
                description: "Command with its path, or `ALL`.",
                example: "/usr/bin/id",
              }),
              options: mkOption({
                type: types.listOf(
                  types.enum([
                    "NOPASSWD",
                    "PASSWD",
                    "NOEXEC",
                    "EXEC",
                    "SETENV",
                    "NOSETENV",
                    "LOG_INPUT",
                    "NOLOG_INPUT",
                    "LOG_OUTPUT",
                    "NOLOG_OUTPUT",
                  ]),
                ),
                default: [],
                description: "Tags of the command.",
                example: ["NOPASSWD"],
              }),
            },
          }),
        ),
      ),
      description: "Commands that may be run.",
      example: [{ command: "/usr/bin/systemctl restart nginx", options: ["NOPASSWD"] }],
    }),
  },
});

/** Options of sudo. */
export const sudoOptions = {
  security: {
    sudo: {
      enable: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether sudo is installed, for members of the groups `wheel` and `sudo`. NixOS has it by default, for `wheel`; Debian's group is `sudo`.",
      }),
      wheelNeedsPassword: mkOption({
        type: types.bool,
        default: true,
        description: "Whether members of `wheel` and `sudo` are asked for their password.",
      }),
      extraRules: mkOption({
        type: types.listOf(rule),
        default: [],
        description: "Who may run what, in order: the last rule that fits counts.",
        example: [{ users: ["alice"], commands: [{ command: "/usr/bin/id", options: ["NOPASSWD"] }] }],
      }),
      extraConfig: mkOption({
        type: types.lines,
        default: "",
        description: "More lines of sudoers(5).",
        example: 'Defaults env_keep += "EDITOR"\n',
      }),
    },
  },
} as const;

type Sudo = InferConfig<typeof sudoOptions>["security"]["sudo"];

const PATH = ["security", "sudo"];

interface Arguments {
  readonly config: InferConfig<typeof sudoOptions>;
  readonly options: object;
}

const implementation = ({ config, options }: Arguments) => ({
  config: mkIf(() => config.security.sudo.enable, {
    environment: {
      servicePackages: ["sudo"],
      etc: {
        "sudoers.d/microvm": generatedFile(options, PATH, () => sudoersText(config.security.sudo), "0440"),
      },
    },
    system: {
      checks: {
        sudo: {
          option: "security.sudo",
          definedIn: () => definitionFiles(options, PATH),
          program: "/usr/sbin/visudo",
          files: ["/etc/sudoers", "/etc/sudoers.d"],
          script: "visudo -c\n",
        },
      },
    },
    users: { groups: { wheel: {} } },
  }),
});

function sudoersText({ wheelNeedsPassword, extraRules, extraConfig }: Sudo): string {
  const tag = wheelNeedsPassword ? "" : "NOPASSWD: ";
  const lines = [
    ...["%sudo", "%wheel"].map((group) => `${group} ALL=(ALL:ALL) ${tag}ALL`),
    ...extraRules.flatMap(({ users, groups, host, runAs, commands }) =>
      [...users, ...groups.map((group) => `%${group}`)].map((who) => {
        const allowed = commands.map(({ command, options }) =>
          [...options.map((option) => `${option}:`), command].join(" "),
        );
        return `${who} ${host}=(${runAs}) ${allowed.join(", ")}`;
      }),
    ),
    ...(extraConfig.trim() === "" ? [] : [extraConfig.trim()]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Declares them, and runs the package set's sudo. */
export const sudo = withFile("src/options/guest/sudo.ts", {
  imports: [implementation],
  options: sudoOptions,
});
