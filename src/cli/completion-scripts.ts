/** What shells are told about the program's commands. Pure. */

/** A command, as far as completing goes. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  /** Long options, with their dashes. */
  readonly options: readonly string[];
  /** Names of commands below it. */
  readonly below: readonly string[];
  /** Whether its words are names of installed VMs; else they are files. */
  readonly takesVms: boolean;
}

/** The shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** A shell's script. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

const NAMES = "microvm list --names 2>/dev/null";

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, below, takesVms }) => {
    const words = [...options, ...below].join(" ");
    const vms = takesVms ? ` names=1` : "";
    return `    ${name}) words=${quote(words)}${vms} ;;\n`;
  });
  return `# bash completion for microvm: source <(microvm completion bash)
_microvm() {
  local current=\${COMP_WORDS[COMP_CWORD]} words= names=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quote(commands.map(({ name }) => name).join(" "))}
  else
    case \${COMP_WORDS[1]} in
${cases.join("")}    -u | -r | -s) names=1 ;;
    esac
  fi
  if [ -n "$names" ] && [ "\${current#-}" = "$current" ]; then words=$(${NAMES}); fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _microvm microvm
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}\n`).join("");
  const cases = commands.map(({ name, options, below, takesVms }) => {
    const words = [...options, ...below].map(quote).join(" ");
    const rest = takesVms ? `compadd -- \${(f)"$(${NAMES})"}` : "_files";
    return `    ${name}) compadd -- ${words}; ${rest} ;;\n`;
  });
  return `#compdef microvm
# zsh completion for microvm: source <(microvm completion zsh)
_microvm() {
  local -a commands=(
${described}  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case \${words[2]} in
${cases.join("")}    -u|-r|-s) compadd -- \${(f)"$(${NAMES})"} ;;
  esac
}
if [ "\${funcstack[1]}" = _microvm ]; then _microvm "$@"; else compdef _microvm microvm; fi
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, options, below, takesVms }) => {
    const inside = `-n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c microvm -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
      ...options.map((option) => `complete -c microvm ${inside} -l ${option.replace(/^--/, "")}`),
      ...(below.length > 0 ? [`complete -c microvm ${inside} -f -a ${quote(below.join(" "))}`] : []),
      ...(takesVms ? [`complete -c microvm ${inside} -f -a ${quote(`(${NAMES})`)}`] : []),
    ];
  });
  return `# fish completion for microvm: microvm completion fish | source\n${lines.join("\n")}\n`;
}

/** All three shells take such quotes; fish knows no other way to write a quote in them. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
