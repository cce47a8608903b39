import { type ParseArgsConfig, parseArgs } from "node:util";
import { MicrovmError, messageOf } from "../errors.ts";

/** A command of the program, in a file of its own. */
export interface Command {
  readonly name: string;
  /** Name and arguments, for the overview. */
  readonly usage: string;
  readonly summary: string;
  /** The whole help text, with examples. */
  readonly help: string;
  /** It owns files as the users of guests do, mounts and enters layers: what root may, or a user in a namespace. */
  readonly needsRoot: boolean;
  /** Returns the exit status. */
  run(args: readonly string[]): Promise<number>;
  /** Commands below this one, by the word that follows. Each is loaded when it is named. */
  readonly commands?: Readonly<Record<string, () => Promise<Command>>>;
}

/**
 * Options and at most one reference, default `.`. Whatever does not fit is wrong usage, with the command's help as
 * the way out.
 */
export function parseCommand<O extends NonNullable<ParseArgsConfig["options"]>>(
  name: string,
  args: readonly string[],
  options: O,
) {
  const hint = helpHint(name);
  const parsed = parse(args, options, hint);
  const [reference = ".", ...others] = parsed.positionals;
  if (others.length > 0) {
    throw new MicrovmError(
      "bad-usage",
      `"${name}" takes one project, not "${parsed.positionals.join('" and "')}"`,
      { hint },
    );
  }
  return { reference, values: parsed.values };
}

/** Options and any number of words. */
export function parseWords<O extends NonNullable<ParseArgsConfig["options"]>>(
  name: string,
  args: readonly string[],
  options: O,
) {
  const { positionals, values } = parse(args, options, helpHint(name));
  return { words: positionals, values };
}

/**
 * Options, a name, and what stands behind it, which is another program's: options there are not ours, and a first
 * `--` is left out.
 */
export function parseBefore<O extends NonNullable<ParseArgsConfig["options"]>>(
  name: string,
  args: readonly string[],
  options: O,
) {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const first = tokens.find(({ kind }) => kind === "positional" || kind === "option-terminator");
  const end = first?.kind === "positional" ? first.index : args.length - 1;
  const { words, values } = parseWords(name, args.slice(0, end + 1), options);
  const [named] = words;
  if (named === undefined) {
    throw new MicrovmError("bad-usage", `"${name}" needs the name of a VM`, { hint: helpHint(name) });
  }
  const rest = args.slice(end + 1);
  return { name: named, rest: rest[0] === "--" ? rest.slice(1) : rest, values };
}

/** Options and no words. */
export function parseNoWords<O extends NonNullable<ParseArgsConfig["options"]>>(
  name: string,
  args: readonly string[],
  options: O,
) {
  const { words, values } = parseWords(name, args, options);
  if (words.length === 0) return values;
  throw new MicrovmError("bad-usage", `"${name}" takes no "${words[0]}"`, { hint: helpHint(name) });
}

/** Where a person who used a command wrongly is sent. */
export function helpHint(name: string): string {
  return `See "microvm ${name} --help"`;
}

function parse<O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
  hint: string,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's message: what is unknown or lacks a value, then advice about positionals, which is cut off.
    throw new MicrovmError("bad-usage", messageOf(error).split(". To specify")[0]!.replace(/\.$/, ""), {
      hint,
    });
  }
}
