import { mkEnableOption } from "./enable-option.ts";
import { mkOption } from "./option.ts";
import { types } from "./types/index.ts";
import {
  mkAfter,
  mkBefore,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOptionDefault,
  mkOrder,
  mkOverride,
} from "./wrappers.ts";

/** What module functions get as `lib`. */
export const lib = {
  mkAfter,
  mkBefore,
  mkDefault,
  mkEnableOption,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkOptionDefault,
  mkOrder,
  mkOverride,
  types,
} as const;

/** The type of `lib`. */
export type Lib = typeof lib;
