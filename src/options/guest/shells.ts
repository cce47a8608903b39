/** What shells read when they start: `environment.shellAliases` and the commands for logins and interactive shells. */
import { type InferConfig, mkIf, mkMerge, withFile } from "../../module-system/index.ts";
import type { environmentOptions } from "./environment.ts";
import type { programsOptions } from "./programs.ts";

type Config = InferConfig<typeof environmentOptions & typeof programsOptions>;

const implementation = ({ config }: { readonly config: Config }) => {
  const aliases = () =>
    aliasLines({ ...config.environment.shellAliases, ...config.programs.bash.shellAliases });
  const isChanged = () => {
    const { bash } = config.programs;
    return (
      aliases() !== "" ||
      bash.completion.enable ||
      bash.promptInit !== "" ||
      config.environment.interactiveShellInit !== ""
    );
  };
  return {
    config: {
      environment: {
        etc: mkMerge([
          mkIf(() => config.environment.loginShellInit !== "", {
            "profile.d/microvm-login.sh": {
              text: () => `# environment.loginShellInit\n${config.environment.loginShellInit}`,
            },
          }),
          mkIf(isChanged, { "bash.bashrc": { text: () => bashrc(config, aliases()) } }),
        ]),
      },
    },
  };
};

function aliasLines(aliases: Readonly<Record<string, string | null>>): string {
  return Object.entries(aliases)
    .flatMap(([name, text]) => (text === null ? [] : [`alias ${name}='${text.replaceAll("'", "'\\''")}'\n`]))
    .join("");
}

/** bash's file for interactive shells, in place of Debian's; profile(5) reads it for logins as well. */
function bashrc({ environment, programs: { bash } }: Config, aliases: string): string {
  const prompt = bash.promptInit === "" ? "PS1='\\u@\\h:\\w\\$ '\n" : bash.promptInit;
  const completion = bash.completion.enable
    ? "shopt -oq posix || . /usr/share/bash-completion/bash_completion\n"
    : "";
  return `# environment.shellAliases, environment.interactiveShellInit and programs.bash
[ -z "\${PS1-}" ] && return
shopt -s checkwinsize
${prompt}${completion}${aliases}${environment.interactiveShellInit}`;
}

/** Writes the files. */
export const shells = withFile("src/options/guest/shells.ts", implementation);
