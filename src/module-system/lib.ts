import { mkEnableOption } from "./enable-option.ts";
import { mkOption } from "./option.ts";
import {
  mkAliasOptionModule,
  mkChangedOptionModule,
  mkDerivedConfig,
  mkMergedOptionModule,
  mkRemovedOptionModule,
  mkRenamedOptionModule,
} from "./option-modules.ts";
import { mkPackageOption } from "./package-option.ts";
import { types } from "./types/index.ts";
import {
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
} from "./wrappers.ts";

/** What module functions get as `lib`. */
export const lib = {
  mkAfter,
  mkAliasOptionModule,
  mkBefore,
  mkChangedOptionModule,
  mkDefault,
  mkDefinition,
  mkDerivedConfig,
  mkEnableOption,
  mkForce,
  mkIf,
  mkMerge,
  mkMergedOptionModule,
  mkOption,
  mkOptionDefault,
  mkOrder,
  mkOverride,
  mkPackageOption,
  mkRemovedOptionModule,
  mkRenamedOptionModule,
  types,
} as const;

/** The type of `lib`. */
export type Lib = typeof lib;
