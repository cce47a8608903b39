/** Options, modules and their evaluation: the semantics of NixOS's module system. */
export { type Asserted, type Assertion, assertionsModule, checkAssertions } from "./assertions.ts";
export type { Attributes } from "./attributes.ts";
export { documentOptions, type OptionDocumentation } from "./documentation.ts";
export { mkEnableOption } from "./enable-option.ts";
export {
  type EvalModulesOptions,
  type Evaluated,
  evalModules,
  plainWithFaults,
  toJsonSchema,
  toPlain,
  validatePlain,
} from "./evaluate.ts";
export { definedNames, type EvaluatedDefinition, EvaluatedOption } from "./evaluated-options.ts";
export { combineFaults, faultsOf, thrownPlace } from "./faults.ts";
export type { Definition, InferConfig, InferDefinitions } from "./infer.ts";
export { type Lib, lib } from "./lib.ts";
export { withFile } from "./located.ts";
export { isOption, mkOption, type Option, type OptionDeclaration } from "./option.ts";
export {
  mkAliasOptionModule,
  mkChangedOptionModule,
  mkDerivedConfig,
  mkMergedOptionModule,
  mkRemovedOptionModule,
  mkRenamedOptionModule,
} from "./option-modules.ts";
export { mkPackageOption } from "./package-option.ts";
export { editDistance, suggest } from "./suggest.ts";
export { type OptionTrace, type TracedDefinition, traceOption } from "./trace.ts";
export { types } from "./types/index.ts";
export { type ImportModule, type JsonSchema, makeType, type OptionType } from "./types/type.ts";
export {
  DEFAULT_OPTION_PRIORITY,
  mkAfter,
  mkBefore,
  mkDefault,
  mkDefinition,
  mkForce,
  mkIf,
  mkMerge,
  mkOptionDefault,
  mkOrder,
  mkOverride,
  type Wrapper,
} from "./wrappers.ts";
