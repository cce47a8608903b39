/** The types of options. */
import { anything } from "./anything.ts";
import { attrsOf, lazyAttrsOf } from "./attribute-sets.ts";
import { deferredModule, functionTo } from "./functions.ts";
import { listOf, nonEmptyListOf } from "./lists.ts";
import { int, ints, number, port } from "./numbers.ts";
import { optionType } from "./option-type.ts";
import { bool, boolByOr, enumOf, package as packageType, raw } from "./scalars.ts";
import { lines, nonEmptyStr, path, separatedString, str, strMatching } from "./strings.ts";
import { submodule, submoduleWith } from "./submodule.ts";
import { attrTag } from "./tagged.ts";
import { addCheck, coercedTo, either, nullOr, oneOf, uniq, unique } from "./unions.ts";

/** Every type by its name. */
export const types = {
  addCheck,
  anything,
  attrTag,
  attrsOf,
  bool,
  boolByOr,
  coercedTo,
  deferredModule,
  either,
  enum: enumOf,
  functionTo,
  int,
  ints,
  lazyAttrsOf,
  lines,
  listOf,
  nonEmptyListOf,
  nonEmptyStr,
  nullOr,
  number,
  oneOf,
  optionType,
  package: packageType,
  path,
  port,
  raw,
  separatedString,
  str,
  strMatching,
  submodule,
  submoduleWith,
  uniq,
  unique,
} as const;
