/**
 * What a definition can be wrapped in: `mkIf`, `mkMerge`, `mkOverride`, `mkOrder` and their kin. Wrappers are
 * tagged plain data. The tag is a symbol, so no JSON value is ever taken for one, and a registered symbol, so
 * that two copies of this program understand each other's.
 */

const TAG: unique symbol = Symbol.for("microvm.wrapper") as never;

/** A definition that counts only when the condition holds. */
export interface Conditional<T> {
  readonly [TAG]: "if";
  readonly condition: boolean | (() => boolean);
  readonly content: T;
}

/** Several definitions in one place. */
export interface Merged<T> {
  readonly [TAG]: "merge";
  readonly contents: readonly T[];
}

/** A definition with a priority: of one option's definitions, those with the smallest number count. */
export interface Overriding<T> {
  readonly [TAG]: "override";
  readonly priority: number;
  readonly content: T;
}

/** A definition with a place among those it is merged with: smaller numbers first. */
export interface Ordered<T> {
  readonly [TAG]: "order";
  readonly order: number;
  readonly content: T;
}

/** A definition that counts as given in another file, such as that of the option it was forwarded from. */
export interface Forwarded<T> {
  readonly [TAG]: "from";
  readonly file: string;
  readonly content: T;
}

/** Any wrapper around definitions of type `T`. */
export type Wrapper<T> = Conditional<T> | Merged<T> | Overriding<T> | Ordered<T> | Forwarded<T>;

/** Priority of an option's own default. */
export const DEFAULT_OPTION_PRIORITY = 1500;
/** Priority of a definition in no wrapper. */
export const PLAIN_PRIORITY = 100;
/** Order of a definition in no wrapper. */
export const PLAIN_ORDER = 1000;

/** Makes a definition count only when the condition holds. A condition that reads `config` is a function. */
export function mkIf<const T>(condition: boolean | (() => boolean), content: T): Conditional<T> {
  return { [TAG]: "if", condition, content };
}

/** Gives several definitions in one place. */
export function mkMerge<const T>(contents: readonly T[]): Merged<T> {
  return { [TAG]: "merge", contents };
}

/** Gives a definition a priority; the smallest number wins. */
export function mkOverride<const T>(priority: number, content: T): Overriding<T> {
  return { [TAG]: "override", priority, content };
}

/** A definition that gives way to any plain one (priority 1000). */
export function mkDefault<const T>(content: T): Overriding<T> {
  return mkOverride(1000, content);
}

/** A definition that wins over any plain one (priority 50). */
export function mkForce<const T>(content: T): Overriding<T> {
  return mkOverride(50, content);
}

/** A definition as weak as an option's default (priority 1500). */
export function mkOptionDefault<const T>(content: T): Overriding<T> {
  return mkOverride(DEFAULT_OPTION_PRIORITY, content);
}

/** Places a definition among those of the same list or text; smaller numbers first. */
export function mkOrder<const T>(order: number, content: T): Ordered<T> {
  return { [TAG]: "order", order, content };
}

/** Places a definition before the plain ones (order 500). */
export function mkBefore<const T>(content: T): Ordered<T> {
  return mkOrder(500, content);
}

/** Places a definition after the plain ones (order 1500). */
export function mkAfter<const T>(content: T): Ordered<T> {
  return mkOrder(1500, content);
}

/** A definition that a module passes on for another file, which messages then name. */
export function mkDefinition<const T>({
  file,
  value,
}: {
  readonly file: string;
  readonly value: T;
}): Forwarded<T> {
  return { [TAG]: "from", file, content: value };
}

/** The wrapper that a value is, or undefined; `malformed` when it carries the tag without being one. */
export function asWrapper(value: unknown): Wrapper<unknown> | "malformed" | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, TAG)) return undefined;
  return isWellFormed(value as Wrapper<unknown>) ? (value as Wrapper<unknown>) : "malformed";
}

export function isConditional<T>(wrapper: Wrapper<T>): wrapper is Conditional<T> {
  return wrapper[TAG] === "if";
}

export function isMerged<T>(wrapper: Wrapper<T>): wrapper is Merged<T> {
  return wrapper[TAG] === "merge";
}

export function isOverriding<T>(wrapper: Wrapper<T>): wrapper is Overriding<T> {
  return wrapper[TAG] === "override";
}

export function isForwarded<T>(wrapper: Wrapper<T>): wrapper is Forwarded<T> {
  return wrapper[TAG] === "from";
}

function isWellFormed(wrapper: Wrapper<unknown>): boolean {
  switch (wrapper[TAG]) {
    case "if":
      return typeof wrapper.condition === "boolean" || typeof wrapper.condition === "function";
    case "merge":
      return Array.isArray(wrapper.contents);
    case "override":
      return Number.isFinite(wrapper.priority);
    case "order":
      return Number.isFinite(wrapper.order);
    case "from":
      return typeof wrapper.file === "string";
    default:
      return false;
  }
}
