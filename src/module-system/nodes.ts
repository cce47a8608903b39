/** What an evaluation consists of. */
import type { MicrovmError } from "../errors.ts";
import type { Attributes } from "./attributes.ts";
import type { Definition } from "./definitions.ts";
import type { Location } from "./location.ts";
import type { AnyType, DeclaredOption, DeclaredSet, EvaluationContext, ResolvedDefinition } from "./model.ts";
import type { Frame } from "./recursion.ts";

/** What all parts of one evaluation share. */
export interface Evaluation {
  readonly location: Location;
  readonly context: EvaluationContext;
  /** Undefined while modules are being collected. */
  root: SetNode | undefined;
  /** Of what is defined but not declared, as far as it is known. */
  freeformType: AnyType | undefined;
  /** Whether `_module.freeformType` was asked. */
  hasWholeFreeformType: boolean;
  /** What module functions and computed defaults are called with. */
  readonly args: Attributes;
}

/** A set of options and the definitions of the whole set. */
export interface SetNode extends Frame {
  readonly kind: "set";
  readonly evaluation: Evaluation;
  readonly declared: DeclaredSet;
  readonly definitions: readonly Definition[];
  readonly children: Map<string, SetNode | OptionNode>;
  /** Definitions by the name they are for; made on first use. */
  distributed?: ReadonlyMap<string, readonly Definition[]>;
  /** Why the definitions could not be told apart by name. */
  error?: MicrovmError;
  config?: Attributes;
  freeform?: Attributes;
}

/** One option, its definitions, and its value once that was asked for. */
export interface OptionNode extends Frame {
  readonly kind: "option";
  readonly evaluation: Evaluation;
  readonly declared: DeclaredOption;
  readonly definitions: readonly Definition[];
  state: "new" | "evaluated" | "failed";
  value?: unknown;
  error?: MicrovmError;
  /** The definitions that counted; undefined before they are known. */
  resolved?: readonly ResolvedDefinition[];
}

/** What an evaluation starts from. */
export interface EvaluationInput {
  readonly modules: readonly unknown[];
  /** File of the modules that do not come with their own. */
  readonly file: string;
  readonly location: Location;
  readonly context: EvaluationContext;
  /** More arguments for module functions, beside `config`, `options` and `lib`. */
  readonly args: Attributes;
  /** What the modules are for: those that say another `_class` are refused. */
  readonly class?: string | undefined;
  /** Definitions of the root in addition to those of the modules. */
  readonly definitions?: readonly Definition[];
  /** What collecting the same modules gave before, when they are `unchanging`. */
  readonly collected?: Collected | undefined;
  /** Makes the argument `options`. */
  readonly describeOptions: (root: (read?: string) => SetNode) => unknown;
}

/** What modules come to: the options they declare and the definitions they give. */
export interface Collected {
  readonly declared: DeclaredSet;
  readonly definitions: readonly Definition[];
  readonly freeformType: AnyType | undefined;
  /** No module is a function, so another evaluation would collect the same. */
  readonly unchanging: boolean;
}

/** An evaluation whose modules are collected. No option is evaluated yet. */
export interface StartedEvaluation extends Evaluation {
  root: SetNode;
  readonly collected: Collected;
}
