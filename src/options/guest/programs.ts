/** `programs`: programs for people who log in, with settings for all of them. */
import {
  type InferConfig,
  mkEnableOption,
  mkIf,
  mkMerge,
  mkOption,
  type OptionType,
  types,
  withFile,
} from "../../module-system/index.ts";

const lines = (description: string, example: string) =>
  mkOption({ type: types.lines, default: "", description, example });

/** A section of gitconfig(5): settings by name, or subsections with theirs. */
type GitValue = string | number | boolean;
const gitValue = types.oneOf([types.str, types.int, types.bool]);
const gitSection = types.attrsOf(types.either(gitValue, types.attrsOf(gitValue))) as OptionType<
  Readonly<Record<string, GitValue | Readonly<Record<string, GitValue>>>>
>;

/** Options of programs. */
export const programsOptions = {
  programs: {
    bash: {
      completion: { enable: mkEnableOption("completion of commands' arguments in bash") },
      promptInit: lines("Commands that set the prompt of interactive bash.", "PS1='\\h:\\w\\$ '\n"),
      shellAliases: mkOption({
        type: types.attrsOf(types.strMatching(/^[^\n]*$/)),
        default: {},
        description: "Aliases of bash alone, by name, beside `environment.shellAliases`.",
        example: { ll: "ls -l" },
      }),
    },
    git: {
      enable: mkEnableOption("git"),
      config: mkOption({
        type: types.attrsOf(gitSection),
        default: {},
        description: "Settings of git for everybody, by section: `/etc/gitconfig`.",
        example: { init: { defaultBranch: "main" }, url: { "https://example.org/": { insteadOf: "eo:" } } },
      }),
    },
    htop: {
      enable: mkEnableOption("htop"),
      settings: mkOption({
        type: types.attrsOf(types.oneOf([types.str, types.int, types.bool, types.listOf(types.int)])),
        default: {},
        description: "Settings of htop for everybody: `/etc/htoprc`.",
        example: { hide_kernel_threads: true },
      }),
    },
    less: {
      enable: mkEnableOption("less"),
      envVariables: mkOption({
        type: types.attrsOf(types.strMatching(/^[^\n]*$/)),
        default: {},
        description: "Environment variables for less, less(1).",
        example: { LESS: "--quit-if-one-screen" },
      }),
    },
    mtr: { enable: mkEnableOption("mtr") },
    nano: {
      enable: mkEnableOption("nano"),
      nanorc: lines("Settings of nano for everybody, nanorc(5).", "set tabsize 4\n"),
    },
    tcpdump: { enable: mkEnableOption("tcpdump") },
    tmux: {
      enable: mkEnableOption("tmux"),
      keyMode: mkOption({
        type: types.enum(["emacs", "vi"]),
        default: "emacs",
        description: "Keys of tmux.",
      }),
      historyLimit: mkOption({
        type: types.ints.unsigned,
        default: 2000,
        description: "Lines that tmux keeps of each window.",
      }),
      extraConfig: lines("More settings of tmux for everybody, tmux(1).", "set -g mouse on\n"),
    },
    vim: {
      enable: mkEnableOption("vim"),
      defaultEditor: mkOption({
        type: types.bool,
        default: false,
        description: "Whether vim is the editor that programs start.",
      }),
    },
    zsh: {
      enable: mkEnableOption("zsh"),
      interactiveShellInit: lines("Commands of every interactive zsh, `/etc/zsh/zshrc`.", "bindkey -v\n"),
    },
  },
} as const;

type Config = InferConfig<typeof programsOptions>;

const implementation = ({ config }: { readonly config: Config }) => {
  const file = (path: string, option: string, text: () => string) =>
    mkIf(() => text() !== "", { [path]: { text: () => `${option}\n${text()}` } });
  return {
    config: {
      environment: {
        packages: mkMerge([
          mkIf(() => config.programs.bash.completion.enable, ["bash-completion"]),
          ...(["git", "htop", "less", "nano", "tcpdump", "tmux", "vim", "zsh"] as const).map((name) =>
            mkIf(() => config.programs[name].enable, [name]),
          ),
          // The one without a window.
          mkIf(() => config.programs.mtr.enable, ["mtr-tiny"]),
        ]),
        variables: mkMerge([
          mkIf(
            () => config.programs.less.enable,
            () => config.programs.less.envVariables,
          ),
          mkIf(() => config.programs.vim.enable && config.programs.vim.defaultEditor, { EDITOR: "vim" }),
        ]),
        etc: mkMerge([
          mkIf(
            () => config.programs.git.enable,
            file("gitconfig", "# programs.git.config", () => gitConfig(config.programs.git.config)),
          ),
          mkIf(
            () => config.programs.htop.enable,
            file("htoprc", "# programs.htop.settings", () => htopSettings(config.programs.htop.settings)),
          ),
          mkIf(
            () => config.programs.nano.enable,
            // Debian's own file reads this one's place, so ours stands for it.
            file("nanorc", "# programs.nano.nanorc", () => config.programs.nano.nanorc),
          ),
          mkIf(
            () => config.programs.tmux.enable,
            file("tmux.conf", "# programs.tmux", () => tmuxConf(config.programs.tmux)),
          ),
          mkIf(
            () => config.programs.zsh.enable,
            file("zsh/zshrc", "# programs.zsh", () => config.programs.zsh.interactiveShellInit),
          ),
        ]),
      },
    },
  };
};

function gitConfig(config: Config["programs"]["git"]["config"]): string {
  const setting = (key: string, value: GitValue) => `\t${key} = ${gitText(value)}\n`;
  return Object.entries(config)
    .flatMap(([section, settings]) => {
      const entries = Object.entries(settings);
      const own = entries.flatMap(([key, value]) => (typeof value === "object" ? [] : [setting(key, value)]));
      const below = entries.flatMap(([name, value]) =>
        typeof value !== "object"
          ? []
          : [
              `[${section} ${JSON.stringify(name)}]\n`,
              ...Object.entries(value).map(([key, inner]) => setting(key, inner)),
            ],
      );
      return [...(own.length > 0 ? [`[${section}]\n`, ...own] : []), ...below];
    })
    .join("");
}

/** A value of gitconfig(5): quoted, so that blanks and marks of comments stay. */
function gitText(value: GitValue): string {
  if (typeof value !== "string") return String(value);
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;
}

function htopSettings(settings: Config["programs"]["htop"]["settings"]): string {
  return Object.entries(settings)
    .map(([key, value]) => {
      const text = Array.isArray(value)
        ? value.join(" ")
        : typeof value === "boolean"
          ? Number(value)
          : value;
      return `${key}=${text}\n`;
    })
    .join("");
}

function tmuxConf({ keyMode, historyLimit, extraConfig }: Config["programs"]["tmux"]): string {
  return `set -g mode-keys ${keyMode}\nset -g status-keys ${keyMode}\nset -g history-limit ${historyLimit}\n${extraConfig}`;
}

/** Declares them, and installs and sets up what is wanted. */
export const programs = withFile("src/options/guest/programs.ts", {
  imports: [implementation],
  options: programsOptions,
});
