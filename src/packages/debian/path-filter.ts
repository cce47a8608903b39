/** Which files of packages are left out: dpkg's path-exclude and path-include. */

/** Globs on absolute paths, in which `*` matches slashes too, as for dpkg. */
export interface PathFilter {
  readonly exclude: readonly string[];
  /** What is wanted although `exclude` matches it. */
  readonly include?: readonly string[];
}

/** Whether a path, absolute, is left out. */
export function pathExcluder(filter: PathFilter | undefined): (path: string) => boolean {
  if (!filter || filter.exclude.length === 0) return () => false;
  const excluded = anyOf(filter.exclude);
  const included = filter.include?.length ? anyOf(filter.include) : undefined;
  return (path) => excluded.test(path) && !included?.test(path);
}

function anyOf(globs: readonly string[]): RegExp {
  return new RegExp(`^(?:${globs.map(globSource).join("|")})$`, "s");
}

/** fnmatch(3) without flags: `*`, `?`, bracket expressions, backslash. */
function globSource(glob: string): string {
  return glob.replace(/\\(.)|\[(!?)([^\]]+)\]|[\s\S]/g, (match, escaped, negation, set) => {
    if (escaped !== undefined) return quote(escaped);
    if (set !== undefined) return `[${negation ? "^" : ""}${set.replace(/[\\^[]/g, "\\$&")}]`;
    if (match === "*") return ".*";
    return match === "?" ? "." : quote(match);
  });
}

function quote(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
}
