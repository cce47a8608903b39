/** Stands for the file of a submodule's own modules, which are in the file of the option. */
export const SUBMODULE = "submodule";

/** Files that declare an option, given those that declare the option it is a part of. */
export function declaringFiles(files: readonly string[], within: readonly string[]): readonly string[] {
  if (!files.includes(SUBMODULE)) return files;
  return [...new Set([...within, ...files.filter((file) => file !== SUBMODULE)])];
}
