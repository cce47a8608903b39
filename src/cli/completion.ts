/** `microvm completion`. */
import { MicrovmError } from "../errors.ts";
import { type Command, parseWords } from "./command.ts";
import { type CompletedCommand, completionScript, SHELLS, type Shell } from "./completion-scripts.ts";

/** Prints a shell's completion of these commands, itself among them. */
export const completionCommand = (known: NonNullable<Command["commands"]>): Command => ({
  name: "completion",
  usage: `completion ${SHELLS.join("|")}`,
  summary: "Print what a shell completes the program's words by",
  help: `Prints a script by which a shell completes commands, their options, and the names of installed VMs.

Usage: microvm completion ${SHELLS.join("|")} [options]

Options:
  -h, --help  Show this

Examples:
  source <(microvm completion bash)
  microvm completion bash >/etc/bash_completion.d/microvm
  microvm completion zsh >/usr/local/share/zsh/site-functions/_microvm
  microvm completion fish >~/.config/fish/completions/microvm.fish
`,
  needsRoot: false,
  async run(args) {
    const { words } = parseWords("completion", args, {});
    const [shell] = words;
    if (words.length !== 1 || !isShell(shell!)) {
      throw new MicrovmError("bad-usage", `"completion" needs one of "${SHELLS.join('", "')}"`, {
        hint: 'See "microvm completion --help"',
      });
    }
    const commands = await Promise.all(Object.values(known).map(async (load) => completed(await load())));
    process.stdout.write(completionScript(shell, commands));
    return 0;
  },
});

function isShell(text: string): text is Shell {
  return (SHELLS as readonly string[]).includes(text);
}

/** Its help says what it takes. */
function completed({ name, summary, help, usage, commands = {} }: Command): CompletedCommand {
  const options = [...help.matchAll(/^ +(?:-\w, | {4})(--[\w-]+)/gm)].map(([, option]) => option!);
  const takesVms = /^\S+ (\[?(USER@\]?)?NAME)/.test(usage) && name !== "create";
  return { name, summary, options, below: Object.keys(commands), takesVms };
}
