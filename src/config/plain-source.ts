/**
 * TypeScript that is JavaScript already, as most project files are. To take types out of a file, Node starts a
 * compiler, which takes longer than all the rest of an evaluation.
 */
import vm from "node:vm";

/**
 * A `<` that could begin type arguments, which are the one thing that both languages know and understand differently:
 * `f<a>(b)`. Not after a quote or where a value begins; nor the `</p>` of a text.
 */
const POSSIBLE_TYPE_ARGUMENTS = /(?:^|[^\s"'`(=,:>])[ \t]*<(?!\/\w)/m;

/**
 * Whether a text is an ECMAScript module as it stands, and means the same as what is left of it without types. Text
 * that could be CommonJS as well is none. Needs Node's `--experimental-vm-modules`; without it nothing is plain.
 */
export function isPlainModule(text: string): boolean {
  if (!vm.SourceTextModule || POSSIBLE_TYPE_ARGUMENTS.test(text)) return false;
  return !parses(() => vm.compileFunction(text)) && parses(() => new vm.SourceTextModule(text));
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
