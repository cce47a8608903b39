/**
 * Values that are the same in every evaluation: those of options that nobody defines and whose defaults are literals.
 * They are evaluated once, and all evaluations share them.
 */
import { type Attributes, getAttribute, isAttributes, lazySource, setAttribute } from "./attributes.ts";
import type { DeclaredOption, DeclaredSet, Option } from "./model.ts";
import { isPlainOption, isPlainSet } from "./validate.ts";

/** A value that every evaluation has. */
export interface Constant {
  readonly value: unknown;
}

const known = new WeakMap<Option | DeclaredSet, Constant>();

/** Grows with each option that is found to be constant: what was asked before need not be asked again until then. */
let found = 0;

/** How many options were found to be constant so far. */
export function constantsFound(): number {
  return found;
}

/**
 * The value of an option, or the plain data of a set, in which nobody defines anything, when evaluations before have
 * found it to be that of all.
 */
export function constantOf(declared: DeclaredOption | DeclaredSet): Constant | undefined {
  return declared.kind === "option"
    ? known.get(declared.option)
    : (known.get(declared) ?? constantSet(declared));
}

/** Keeps the value that an option has by its default alone, when it can be no other in another evaluation. */
export function keepConstant(option: Option, value: unknown): void {
  if (option.apply || !isSame(value, option.default)) return;
  known.set(option, { value });
  found++;
}

/** Sets are constant when all that is plain in them is. */
function constantSet(declared: DeclaredSet): Constant | undefined {
  const plain: Attributes = {};
  for (const [name, child] of declared.children) {
    if (child.kind === "option" ? !isPlainOption(child) : !isPlainSet(child)) continue;
    const constant = constantOf(child);
    if (!constant) return undefined;
    setAttribute(plain, name, constant.value);
  }
  const constant = { value: Object.freeze(plain) };
  known.set(declared, constant);
  return constant;
}

/** Whether a value is its default over again: data through and through, which nobody can change and nothing computes. */
function isSame(value: unknown, given: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === given && isScalar(value);
  if (typeof given !== "object" || given === null || !Object.isFrozen(value)) return false;
  if (Array.isArray(given)) return Array.isArray(value) && isSameSet(value, given);
  return isAttributes(given) && !lazySource(given) && isAttributes(value) && isSameSet(value, given);
}

function isSameSet(value: object, given: object): boolean {
  const properties = Object.getOwnPropertyDescriptors(given);
  const keys = Reflect.ownKeys(properties);
  return (
    keys.length === Reflect.ownKeys(value).length &&
    keys.every(
      (key) =>
        typeof key === "string" &&
        isSame(getAttribute(value, key), (properties[key] as PropertyDescriptor).value),
    )
  );
}

/** Whether a value is plain data without parts. */
export function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}
