/** Files below `/etc` that follow from an option. */
import { type DefinedIn, definitionFiles, optionName } from "./defined-in.ts";

/**
 * A definition of `environment.etc.*`. Its first line becomes a comment that names the option, given by its names, and
 * the modules that define something of it.
 */
export function generatedFile(
  options: DefinedIn,
  path: readonly string[],
  text: () => string,
  mode = "0644",
) {
  return {
    text,
    mode,
    origin: { option: optionName(path), definedIn: () => definitionFiles(options, path) },
  };
}
