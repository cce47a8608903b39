/** What there is to say of declared options, as plain data. */
import { declaringFiles } from "./declaring-files.ts";
import type { Evaluated } from "./evaluate.ts";
import { type Location, showLocation } from "./location.ts";
import type { DeclaredOption, DeclaredSet, EvaluationContext, Option } from "./model.ts";

/** One option, as documentation describes it. Absent fields: there is no such thing. */
export interface OptionDocumentation {
  /** `microvm.volumes.*.size`; `*` stands for an entry of a list, `<name>` for a name that is free. */
  readonly name: string;
  readonly path: readonly string[];
  /** The type in words. */
  readonly type: string;
  readonly description: string;
  /** The default, when it is plain data. */
  readonly default?: unknown;
  /** What to show instead of the default. */
  readonly defaultText?: string;
  readonly example?: unknown;
  /** Nobody but the module that declares it may define it. */
  readonly readOnly: boolean;
  /** Its values are no plain data. */
  readonly opaque: boolean;
  /** Files of the modules that declare it. */
  readonly declarations: readonly string[];
}

/**
 * Every declared option that is not internal and not invisible, those inside of submodules after the option that
 * holds them, in the order of their declaration. No value is evaluated.
 */
export function documentOptions(evaluated: Evaluated): OptionDocumentation[] {
  const { declared, evaluation, location } = evaluated.root;
  return documentSet(declared, { location, context: evaluation.context, within: [], above: new Set() });
}

interface Surroundings {
  readonly location: Location;
  readonly context: EvaluationContext;
  /** Files that declare the option around. */
  readonly within: readonly string[];
  /** The options around, by which a type that contains itself is noticed. */
  readonly above: ReadonlySet<Option>;
}

function documentSet(declared: DeclaredSet, around: Surroundings): OptionDocumentation[] {
  return [...declared.children].flatMap(([name, child]) => {
    const inside = { ...around, location: [...around.location, name] };
    return child.kind === "set" ? documentSet(child, inside) : documentOption(child, inside);
  });
}

function documentOption({ option, files }: DeclaredOption, around: Surroundings): OptionDocumentation[] {
  const { location, context, above } = around;
  if (option.internal === true || option.visible === false || above.has(option)) return [];
  const declarations = declaringFiles(files, around.within);
  const own: OptionDocumentation = {
    name: showLocation(location),
    path: location.map(String),
    type: option.type.description,
    description: option.description ?? "",
    ...defaultOf(option),
    ...(option.example !== undefined && { example: option.example }),
    readOnly: option.readOnly === true,
    opaque: option.type.opaque,
    declarations,
  };
  const nested = option.type.nestedOptions(location, context);
  if (!nested) return [own];
  const inside = {
    context,
    location: nested.location,
    within: declarations,
    above: new Set([...above, option]),
  };
  return [own, ...documentSet(nested.declared, inside)];
}

function defaultOf(option: Option): Pick<OptionDocumentation, "default" | "defaultText"> {
  const { defaultText: text } = option;
  const isComputed = typeof option.default === "function";
  return {
    ...(Object.hasOwn(option, "default") && !isComputed && { default: option.default }),
    ...(text !== undefined ? { defaultText: text } : isComputed && { defaultText: "computed" }),
  };
}
