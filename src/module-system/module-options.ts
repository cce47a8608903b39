/** `_module`: what modules say about the evaluation that they take part in. */
import type { DeclaredOption, DeclaredSet, Option } from "./model.ts";
import { mkOption } from "./option.ts";
import { lazyAttrsOf } from "./types/attribute-sets.ts";
import { optionType } from "./types/option-type.ts";
import { bool, raw } from "./types/scalars.ts";
import { nullOr } from "./types/unions.ts";

/** Name of the set. Every evaluation has it, and none lists it. */
export const MODULE_SET = "_module";

/** The options in the set. */
export const MODULE_OPTIONS: DeclaredSet = {
  kind: "set",
  children: new Map([
    [
      "args",
      declared(mkOption({ type: lazyAttrsOf(raw), default: {}, description: "Arguments of modules" })),
    ],
    [
      "check",
      declared(mkOption({ type: bool, default: true, description: "Whether unknown options are faults" })),
    ],
    [
      "freeformType",
      declared(mkOption({ type: nullOr(optionType), default: null, description: "Type of unknown options" })),
    ],
  ]),
};

function declared<T, D>(option: Option<T, D>): DeclaredOption {
  return { kind: "option", option: option as unknown as Option, files: ["the module system"] };
}
