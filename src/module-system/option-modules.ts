/** Modules that keep old options working: renamed, removed, changed and aliased ones. */
import { type Attributes, nestAttribute } from "./attributes.ts";
import { EvaluatedOption } from "./evaluated-options.ts";
import { removed } from "./faults.ts";
import { showLocation } from "./location.ts";
import { mkOption } from "./option.ts";
import { anything } from "./types/anything.ts";
import { makeType, type OptionType, type ResolvedDefinition } from "./types/type.ts";
import { mkDefinition, mkIf, mkMerge, mkOrder, mkOverride } from "./wrappers.ts";

type Path = readonly string[];

/** What module functions are called with. */
interface Arguments {
  readonly config: Attributes;
  readonly options: Attributes;
}

/** Any module function; what it declares is not known to the type checker. */
// biome-ignore lint/suspicious/noExplicitAny: it must fit wherever a module may be imported
type OptionModule = (args: any) => any;

/** One option by two names: what defines `from` defines `to`, with the same priority, and both have its value. */
export function mkAliasOptionModule(from: Path, to: Path): OptionModule {
  return forwarding(from, to, () => []);
}

/** An option that has another name now. Who still defines it by the old one is warned. */
export function mkRenamedOptionModule(from: Path, to: Path): OptionModule {
  return forwarding(from, to, (options) =>
    definitionsOf(options, from).map(
      ({ file }) =>
        `The option "${showLocation(from)}", defined in "${file}", was renamed to "${showLocation(to)}"`,
    ),
  );
}

/** An option that is no more: to define or read it is a fault that says what to do instead. */
export function mkRemovedOptionModule(path: Path, instead: string): OptionModule {
  return ({ options }: Arguments) => {
    const assertions = () =>
      definitionsOf(options, path).map(({ file }) => ({
        assertion: false,
        message: removed(path, instead, file).message,
      }));
    return {
      options: nestAttribute(
        path,
        unseen(path, () => {
          throw removed(path, instead);
        }),
      ),
      config: () => ("assertions" in options ? { assertions } : {}),
    };
  };
}

/** An option whose value makes that of another one: `change` is called with `config` when `from` is defined. */
export function mkChangedOptionModule<C = Attributes>(
  from: Path,
  to: Path,
  change: (config: C) => unknown,
): OptionModule {
  return mkMergedOptionModule([from], to, change);
}

/** Several options that another one replaces: `merge` is called with `config` when any of them is defined. */
export function mkMergedOptionModule<C = Attributes>(
  froms: readonly Path[],
  to: Path,
  merge: (config: C) => unknown,
): OptionModule {
  return ({ options, config }: Arguments) => {
    const warnings = () =>
      froms.flatMap((from) =>
        definitionsOf(options, from).map(
          ({ file }) =>
            `The option "${showLocation(from)}", defined in "${file}", was replaced by "${showLocation(to)}"`,
        ),
      );
    const isDefined = () => froms.some((from) => definitionsOf(options, from).length > 0);
    const old = mkOption({ type: anything, internal: true, visible: false });
    return {
      imports: froms.map((from) => ({ options: nestAttribute(from, old) })),
      config: () =>
        mkMerge([
          nestAttribute(
            to,
            mkIf(isDefined, () => merge(config as C)),
          ),
          warningOf(options, warnings),
        ]),
    };
  };
}

/** Definitions that follow from those of another option, each with the priority of the one it follows from. */
export function mkDerivedConfig<T>(option: EvaluatedOption, derive: (value: T) => unknown): () => unknown {
  return () => mkMerge(option.resolved.map((definition) => again(definition, derive(definition.value as T))));
}

function forwarding(from: Path, to: Path, warnings: (options: Attributes) => string[]): OptionModule {
  return ({ options, config }: Arguments) => ({
    options: nestAttribute(
      from,
      unseen(from, () => at(config, to)),
    ),
    config: () =>
      mkMerge([
        nestAttribute(to, () =>
          mkMerge(definitionsOf(options, from).map((definition) => again(definition, definition.value))),
        ),
        warningOf(options, () => warnings(options)),
      ]),
  });
}

/** Warnings, where there is an option for them. */
function warningOf(options: Attributes, warnings: () => string[]): object {
  return "warnings" in options ? { warnings } : {};
}

/** Default of options that are there for their definitions alone. */
const UNSET = Object.freeze({});

/** Definitions of another option: passed on as they are, never merged. */
const forwarded: OptionType<unknown> = makeType<unknown>({
  name: "forwarded",
  description: "definition of another option",
  keepsFunctions: true,
  opaque: true,
  check: () => true,
  merge: () => undefined,
  validate: () => {},
});

function unseen(path: Path, read: () => unknown) {
  return mkOption({
    type: forwarded,
    default: UNSET,
    apply: read,
    internal: true,
    visible: false,
    description: `Old name: ${showLocation(path)}`,
  });
}

/** The definitions of an option that modules gave. */
function definitionsOf(options: Attributes, path: Path): readonly ResolvedDefinition[] {
  const option = at(options, path);
  if (!(option instanceof EvaluatedOption)) return [];
  return option.resolved.filter(({ value }) => value !== UNSET);
}

/** Another definition with the place, priority and order of one that counted. */
function again({ file, priority, order }: ResolvedDefinition, value: unknown): unknown {
  let wrapped: unknown = mkDefinition({ file, value });
  if (order !== undefined) wrapped = mkOrder(order, wrapped);
  return priority === undefined ? wrapped : mkOverride(priority, wrapped);
}

function at(set: Attributes, path: Path): unknown {
  let found: unknown = set;
  for (const name of path) found = (found as Attributes)[name];
  return found;
}
