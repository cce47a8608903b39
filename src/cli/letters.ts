/** microvm.nix's letters, as the commands that they stand for. */
import { parseArgs } from "node:util";
import { MicrovmError, messageOf } from "../errors.ts";

const OPTIONS = {
  c: { type: "string", short: "c" },
  f: { type: "string", short: "f" },
  u: { type: "boolean", short: "u" },
  R: { type: "boolean", short: "R" },
  r: { type: "string", short: "r" },
  l: { type: "boolean", short: "l" },
} as const;

const HINT = 'See "microvm --help"';

/**
 * A command's words in place of letters; undefined when the first word is none of them. `-R` may stand before or behind
 * `-u` and in one word with it.
 */
export function commandOfLetters(args: readonly string[]): readonly string[] | undefined {
  const [first = ""] = args;
  if (!/^-[cfuRrsl]/.test(first)) return undefined;
  // What follows a name is the guest's, options and all.
  if (first.startsWith("-s")) return sshWords(args);
  const { values, names } = parse(args);
  const actions = (["c", "u", "r", "l"] as const).filter((letter) => values[letter] !== undefined);
  const [action, other] = actions;
  if (other !== undefined) throw wrong(`"-${action}" and "-${other}" are two commands`);
  const has = (letter: "f" | "R") => values[letter] !== undefined;
  if (has("f") && action !== "c") throw wrong('"-f" goes with "-c NAME"');
  if (has("R") && action !== "u") throw wrong('"-R" goes with "-u NAME…"');
  if (action === "u") return ["update", ...(values.R ? ["--restart"] : []), "--", ...names];
  if (names[0] !== undefined) throw wrong(`"-${action}" takes no "${names[0]}"`);
  if (action === "c") {
    return ["create", ...(values.f === undefined ? [] : [`--flake=${values.f}`]), "--", values.c!];
  }
  return action === "r" ? ["run-installed", "--", values.r!] : ["list"];
}

function sshWords([first = "", ...rest]: readonly string[]): readonly string[] {
  const [name, ...command] = first === "-s" ? rest : [first.slice(2), ...rest];
  if (name === undefined) throw wrong('"-s" needs the name of a VM');
  return ["ssh", name, ...(command.length > 0 ? ["--", ...command] : [])];
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    return { values, names: positionals };
  } catch (error) {
    throw wrong(messageOf(error).split(". To specify")[0]!.split("\n")[0]!.replace(/\.$/, ""));
  }
}

function wrong(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: HINT });
}
