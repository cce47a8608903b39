/**
 * Attribute sets: plain objects whose own enumerable names are data. Any name is allowed, those of
 * `Object.prototype` included, so nothing here reads or writes through a prototype.
 */

/** An attribute set. */
export type Attributes = Record<string, unknown>;

/** Whether a value is an attribute set: an object literal or one without a prototype, not a class's instance. */
export function isAttributes(value: unknown): value is Attributes {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Sets an attribute as data, whatever its name. */
export function setAttribute(target: object, name: string, value: unknown): void {
  if (name !== "__proto__") (target as Attributes)[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** The attribute's own value, never an inherited one. */
export function getAttribute(source: object, name: string): unknown {
  return Object.hasOwn(source, name) ? (source as Attributes)[name] : undefined;
}

/** Sets within each other, by the names that lead to a value. */
export function nestAttribute(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inside, name) => {
    const outside = {};
    setAttribute(outside, name, inside);
    return outside;
  }, value);
}

/** Attributes that are known by name before any value is. */
export interface LazyAttributes {
  names(): readonly string[];
  has(name: string): boolean;
  /** The value of an attribute that is there. */
  get(name: string): unknown;
  /** Called for a name that is not there; may throw. */
  missing?(name: string): void;
}

/** Read by JavaScript itself, by `JSON.stringify` and by `await` of any object. */
const PROBED_NAMES = new Set(["toJSON", "then", "asymmetricMatch", "nodeType", "$$typeof"]);

/** By which a lazy object gives its source. */
const SOURCE = Symbol("source");

/** A read-only object that evaluates each attribute when it is read. */
export function lazyObject(source: LazyAttributes): Attributes {
  return new Proxy<Attributes>(TARGET, new LazyHandler(source));
}

/** What a lazy object reads from, or undefined for any other value. */
export function lazySource(value: object): LazyAttributes | undefined {
  const source: unknown = (value as { readonly [SOURCE]?: unknown })[SOURCE];
  return source as LazyAttributes | undefined;
}

class LazyHandler implements ProxyHandler<Attributes> {
  readonly #source: LazyAttributes;

  constructor(source: LazyAttributes) {
    this.#source = source;
  }

  get(target: object, key: string | symbol): unknown {
    if (key === SOURCE) return this.#source;
    if (typeof key === "symbol") return Reflect.get(target, key);
    if (this.#source.has(key)) return this.#source.get(key);
    if (key in Object.prototype || PROBED_NAMES.has(key)) return Reflect.get(target, key);
    this.#source.missing?.(key);
    return undefined;
  }

  has(target: object, key: string | symbol): boolean {
    return typeof key === "symbol" ? Reflect.has(target, key) : this.#source.has(key);
  }

  ownKeys(): string[] {
    return [...this.#source.names()];
  }

  getOwnPropertyDescriptor(_target: object, key: string | symbol): PropertyDescriptor | undefined {
    if (typeof key === "symbol" || !this.#source.has(key)) return undefined;
    return { get: () => this.#source.get(key), enumerable: true, configurable: true };
  }

  set(): never {
    refuseChange();
  }

  defineProperty(): never {
    refuseChange();
  }

  deleteProperty(): never {
    refuseChange();
  }

  setPrototypeOf(): never {
    refuseChange();
  }

  preventExtensions(): never {
    refuseChange();
  }
}

function refuseChange(): never {
  throw new TypeError("The configuration cannot be changed; define the option in a module instead");
}

/** What `console.log` shows: the values, and the message of each that cannot be evaluated. */
function inspectLazily(this: object): Attributes {
  const shown: Attributes = {};
  for (const name of Object.keys(this)) {
    try {
      setAttribute(shown, name, (this as Attributes)[name]);
    } catch (error) {
      setAttribute(shown, name, `<${error instanceof Error ? error.message : "cannot be evaluated"}>`);
    }
  }
  return shown;
}

/** What every lazy object stands before. It has no attributes, so that one serves all; Node looks here for how to show one. */
const TARGET: Attributes = Object.defineProperty({}, Symbol.for("nodejs.util.inspect.custom"), {
  value: inspectLazily,
  configurable: true,
});
