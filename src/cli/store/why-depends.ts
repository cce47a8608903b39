/** `microvm store why-depends`. */
import { MicrovmError } from "../../errors.ts";
import { waysBetween } from "../../store/path-info.ts";
import { type Command, parseWords } from "../command.ts";
import { storeInUse } from "./paths.ts";

/** How many ways are shown with `--all`. */
const MOST = 1000;

/** Shows why one store path needs another. */
export const whyDependsCommand: Command = {
  name: "store why-depends",
  usage: "store why-depends PATH OTHER",
  summary: "Show why one store path needs another",
  help: `Shows by which references a store path needs another one at run time: the shortest way, or all of them.

Usage: microvm store why-depends PATH OTHER [options]

Options:
      --all   Show every way, shortest first, at most ${MOST}
      --json  Print a list of ways, each a list of names
  -h, --help  Show this

Examples:
  microvm store why-depends result trixie-base
  microvm store why-depends result vmlinux --all
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("store why-depends", args, {
      all: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    if (words.length !== 2) {
      throw new MicrovmError("bad-usage", '"store why-depends" takes two store paths', {
        hint: 'See "microvm store why-depends --help"',
      });
    }
    const { store, find } = storeInUse();
    const [from, to] = words.map(find) as [string, string];
    const ways = waysBetween(store, from, to, values.all ? MOST : 1);
    if (ways.length === 0) {
      throw new MicrovmError("path-not-found", `"${from}" does not need "${to}"`, {
        hint: `See what it needs: microvm store path-info ${from} --closure`,
      });
    }
    process.stdout.write(values.json ? `${JSON.stringify(ways, null, 2)}\n` : ways.map(asTree).join("\n"));
    return 0;
  },
};

/** One name a line, each further in than what needs it. */
function asTree(way: readonly string[]): string {
  return way.map((name, depth) => `${depth === 0 ? "" : `${"   ".repeat(depth - 1)}└─ `}${name}\n`).join("");
}
