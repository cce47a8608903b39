/** `microvm options`. */
import { MicrovmError } from "../errors.ts";
import type { OptionDocumentation } from "../module-system/index.ts";
import { documentedOptions, type Side } from "../options/documentation.ts";
import { literal } from "../options/literal.ts";
import { nearOptions, searchOptions } from "../options/search.ts";
import { type Command, parseWords } from "./command.ts";

/** Searches the options. */
export const optionsCommand: Command = {
  name: "options",
  usage: "options [WORDS…] [--guest | --host]",
  summary: "Search what a guest and a host can be told",
  help: `Lists the options in whose name or description every word occurs, with type, default, example and the file of
the program's sources that declares them. Without words it lists all of them, one a line. Nothing is evaluated.

Usage: microvm options [WORDS…] [options]

Options:
      --guest  Only options of guests, which stand in a VM's "config"
      --host   Only options of hosts, which stand around the VMs
      --json   Print an object with the lists "guest" and "host", all that is known of each option
  -h, --help   Show this

Examples:
  microvm options
  microvm options nginx
  microvm options microvm.mem
  microvm options kernel modules --guest
  microvm options volumes size --json
`,
  needsRoot: false,
  run: async (args) => {
    const { words, values } = parseWords("options", args, {
      guest: { type: "boolean", default: false },
      host: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const sides = (["guest", "host"] as const).filter((side) => values[side] || values.guest === values.host);
    const found = sides.map((side) => ({ side, options: searchOptions(documentedOptions(side), words) }));
    if (found.every(({ options }) => options.length === 0)) throw nothingFound(sides, words);
    process.stdout.write(
      values.json
        ? `${JSON.stringify(Object.fromEntries(found.map(({ side, options }) => [side, options])), null, 2)}\n`
        : found.map((each) => sideText(each, words.length > 0)).join(""),
    );
    return 0;
  },
};

interface Found {
  readonly side: Side;
  readonly options: readonly OptionDocumentation[];
}

function nothingFound(sides: readonly Side[], words: readonly string[]): MicrovmError {
  const near = nearOptions(sides.flatMap(documentedOptions), words);
  const hint =
    near.length === 0
      ? 'See all of them with "microvm options"'
      : `Near are ${near.map((name) => `"${name}"`).join(", ")}`;
  return new MicrovmError("option-unknown", `No option has "${words.join('" and "')}"`, { hint });
}

function sideText({ side, options }: Found, inFull: boolean): string {
  if (options.length === 0) return "";
  const title = `Options of a ${side}`;
  const heading = `${title}\n${"─".repeat(title.length)}\n`;
  if (inFull) return `${heading}\n${options.map(optionText).join("\n")}\n`;
  const width = Math.max(...options.map(({ name }) => name.length));
  const lines = options.map(
    ({ name, description }) => `${name.padEnd(width)}  ${firstSentence(description)}\n`,
  );
  return `${heading}${lines.join("")}\n`;
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}

/** Everything that a person wants to know of one option. */
function optionText(option: OptionDocumentation): string {
  const { name, type, description, declarations } = option;
  const fields: readonly (readonly [string, string])[] = [
    ["type", type],
    [
      "default",
      option.defaultText ?? ("default" in option ? literal(option.default) : "none, it must be defined"),
    ],
    ...("example" in option ? [["example", literal(option.example)] as const] : []),
    ...(option.readOnly ? [["read-only", "yes"] as const] : []),
    ...declarations.map((file) => ["declared", file] as const),
  ];
  const lines = fields.map(
    ([label, text]) => `  ${label.padEnd(10)}${text.replaceAll("\n", "\n            ")}`,
  );
  return `${name}\n  ${description}\n${lines.join("\n")}\n`;
}
