/** The options of an evaluation as values: what is known of each, evaluated when it is read. */
import { type Attributes, type LazyAttributes, lazyObject, lazySource } from "./attributes.ts";
import type { DeclaredOption } from "./declarations.ts";
import { childOf, distributed, optionValue, resolvedOf } from "./evaluation.ts";
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
  return lazyObject(new SetOptions(node));
}

/** Of the names in a set of options: those that some module defines something for. */
export function definedNames(options: object): readonly string[] {
  const source = lazySource(options);
  return source instanceof SetOptions ? source.definedNames() : [];
}

class SetOptions implements LazyAttributes {
  private readonly node: (read?: string) => SetNode;
  private readonly made = new Map<string, unknown>();

  constructor(node: (read?: string) => SetNode) {
    this.node = node;
  }

  names(): string[] {
    return [...this.node().declared.children.keys()];
  }

  has(name: string): boolean {
    return this.node(name).declared.children.has(name);
  }

  get(name: string): unknown {
    if (!this.made.has(name)) {
      const child = childOf(this.node(name), name)!;
      this.made.set(name, child.kind === "set" ? optionsOf(() => child) : new EvaluatedOption(child));
    }
    return this.made.get(name);
  }

  definedNames(): readonly string[] {
    const node = this.node();
    const defined = distributed(node);
    return defined.size === 0 ? [] : this.names().filter((name) => defined.has(name));
  }
}
