/** The suites that a package set is made of, each with what it may be signed by. Pure. */
import type { DebianPackageSet, Distribution } from "./package-set.ts";

/** What the lock calls the archive itself. */
export const MAIN = "main";
/** What the lock calls the archive of security updates. */
export const SECURITY = "security";
/** What the lock calls the project's own files. */
export const LOCAL = "local";
/** What local packages say of their origin: with a line's end behind it, which no archive can say. */
export const LOCAL_ORIGIN = `${LOCAL}\n`;

/** One suite of one repository. */
export interface ArchiveSource {
  /** What the lock calls it: the suite's name, with `NAME:` in front for other people's repositories. */
  readonly id: string;
  /** Whose file paths its index has: `main`, `security`, or the name in `repositories`. */
  readonly repository: string;
  /** A path with a slash at its end for a repository without `dists`. */
  readonly suite: string;
  /** Empty for a repository without `dists`. */
  readonly components: readonly string[];
  /** The only keys that may sign it: a path, armored text, or null for the distribution's own. */
  readonly keyring: string | null;
  readonly distribution: Distribution;
  readonly checkValidUntil: boolean;
}

/** The suites of a set, its own one first. */
export function sourcesOf(set: DebianPackageSet): readonly ArchiveSource[] {
  const { type, suite, components, keyring, checkValidUntil } = set;
  const own = (name: string, repository = MAIN): ArchiveSource => ({
    id: name,
    repository,
    suite: name,
    components,
    keyring,
    distribution: type,
    checkValidUntil,
  });
  const others = Object.entries(set.repositories).map(
    ([name, repository]): ArchiveSource => ({
      id: `${name}:${repository.suite}`,
      repository: name,
      suite: repository.suite,
      components: repository.components,
      keyring: repository.keyring,
      distribution: type,
      checkValidUntil,
    }),
  );
  return [
    own(suite),
    ...(set.updates ? [own(`${suite}-updates`)] : []),
    ...(set.security === false ? [] : [own(`${suite}-security`, SECURITY)]),
    ...set.extraSuites.map((name) => own(name)),
    ...others,
  ];
}

/** Where a suite's files lie, relative to its archive. */
export function suiteDirectory({ suite }: ArchiveSource): string {
  if (!isFlat(suite)) return `dists/${suite}`;
  return suite.replace(/^\.?\//, "").replace(/\/$/, "");
}

/** Whether a repository has no `dists`. */
export function isFlat(suite: string): boolean {
  return suite.endsWith("/");
}
