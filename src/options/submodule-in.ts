/** Submodules whose options stand in a file of their own. */
import {
  type InferConfig,
  type InferDefinitions,
  type OptionType,
  types,
  withFile,
} from "../module-system/index.ts";

/** The type of sets with these options, which `file` declares: the reference names it. */
export function submoduleIn<const O>(
  file: string,
  options: O,
): OptionType<InferConfig<O>, InferDefinitions<O>> {
  return types.submodule([withFile(file, { options })]);
}
