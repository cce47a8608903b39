import { mkOption, type Option } from "./option.ts";
import { bool } from "./types/scalars.ts";

/** The option `enable` of a feature, off by default. */
export function mkEnableOption(feature: string): Option<boolean> {
  return mkOption({
    type: bool,
    default: false,
    example: true,
    description: `Whether to enable ${feature}.`,
  });
}
