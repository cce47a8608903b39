/** The options of an evaluation as values: what is known of each, evaluated when it is read. */
import { type Attributes, lazyObject } from "./attributes.ts";
import type { DeclaredOption } from "./declarations.ts";
import { childOf, optionValue, resolvedOf } from "./evaluation.ts";
import type { Location } from "./location.ts";
import type { OptionNode, SetNode } from "./nodes.ts";
import type { AnyType, ResolvedDefinition } from "./types/type.ts";
import { PLAIN_PRIORITY } from "./wrappers.ts";

/** A definition that counted. */
export interface EvaluatedDefinition {
  readonly file: string;
  readonly value: unknown;
  readonly priority: number;
}

/** One option of an evaluation. */
export class EvaluatedOption {
  readonly #node: OptionNode;

  constructor(node: OptionNode) {
    this.#node = node;
  }

  get location(): Location {
    return this.#node.location;
  }

  get type(): AnyType {
    return this.#node.declared.option.type;
  }

  /** How it is declared. */
  get option(): DeclaredOption["option"] {
    return this.#node.declared.option;
  }

  /** Files of the modules that declare it. */
  get declarations(): readonly string[] {
    return this.#node.declared.files;
  }

  /** Throws the option's fault when it has one. */
  get value(): unknown {
    return optionValue(this.#node);
  }

  /** Whether there is a definition that counts, the default included. */
  get isDefined(): boolean {
    return resolvedOf(this.#node).length > 0;
  }

  /** The definitions that counted, as they are merged. */
  get resolved(): readonly ResolvedDefinition[] {
    return resolvedOf(this.#node);
  }

  /** The definitions that counted, the default included when it did. */
  get definitions(): readonly EvaluatedDefinition[] {
    return resolvedOf(this.#node).map(({ file, value, priority = PLAIN_PRIORITY }) => ({
      file,
      value,
      priority,
    }));
  }
}

/** The options of a set, by name: more sets, and `EvaluatedOption`s. The set is asked for when it is read, with the name that is read of it. */
export function optionsOf(node: (read?: string) => SetNode): Attributes {
  const made = new Map<string, unknown>();
  return lazyObject({
    names: () => [...node().declared.children.keys()],
    has: (name) => node(name).declared.children.has(name),
    get: (name) => {
      if (!made.has(name)) {
        const child = childOf(node(name), name)!;
        made.set(name, child.kind === "set" ? optionsOf(() => child) : new EvaluatedOption(child));
      }
      return made.get(name);
    },
  });
}
