/** What repositories and pins of a package set must be. Each check gives the normal form: `config-invalid`. */
import {
  checkKnown,
  componentsOf,
  inside,
  invalid,
  isRecord,
  keyringOf,
  mirrorsOf,
  type Place,
  patternsOf,
  SUITE,
  SUITE_TEXT,
} from "./package-set-checks.ts";

/** Where a package set gets more packages from, signed by keys of its own. */
export interface Repository {
  /** Addresses, tried in order. */
  readonly mirror: readonly string[];
  /** Name of a suite; with a slash at its end the path of a flat repository, which has no components. */
  readonly suite: string;
  readonly components: readonly string[];
  /** The keys that sign it, and the only ones that may: a path, or armored text. */
  readonly keyring: string;
}

/** Prefers or avoids versions, as apt_preferences(5) does: the version with the highest priority is taken. */
export interface Pin {
  /** Names, or patterns with `*` and `?`. */
  readonly packages: readonly string[];
  readonly suite?: string;
  readonly codename?: string;
  readonly origin?: string;
  /** A version, or a pattern. */
  readonly version?: string;
  /** 500 is what a suite has, 100 what backports have; below 0: never. */
  readonly priority: number;
}

const REPOSITORY_OPTIONS = ["mirror", "suite", "components", "keyring"];
const PIN_OPTIONS = ["packages", "suite", "codename", "origin", "version", "priority"];
/** The path of a repository without `dists`. */
const FLAT_SUITE = /^(\.?\/|([A-Za-z0-9][A-Za-z0-9.+_-]*\/)+)$/;
const REPOSITORY_NAME = /^[a-z0-9][a-z0-9._-]*$/;
/** What the lock calls the archive itself, its security updates, and local files. */
const TAKEN_NAMES = ["main", "security", "local"];

/** Repositories by name. */
export function repositoriesOf(place: Place, value: unknown): Record<string, Repository> {
  if (!isRecord(value)) throw invalid(place, "an object of repositories by name", value);
  const all = Object.entries(value).map(([name, one]) => {
    const inner = inside(place, `.${name}`);
    if (!REPOSITORY_NAME.test(name) || TAKEN_NAMES.includes(name)) {
      throw invalid(inner, `named in small letters, and none of ${TAKEN_NAMES.join(", ")}`, undefined);
    }
    return [name, repositoryOf(inner, one)] as const;
  });
  return Object.fromEntries(all);
}

function repositoryOf(place: Place, value: unknown): Repository {
  if (!isRecord(value)) throw invalid(place, "an object with mirror, suite and keyring", value);
  checkKnown(place, value, REPOSITORY_OPTIONS);
  const { suite } = value;
  const isFlat = typeof suite === "string" && FLAT_SUITE.test(suite);
  if (typeof suite !== "string" || !(isFlat || SUITE.test(suite))) {
    throw invalid(inside(place, ".suite"), `${SUITE_TEXT}, or a path with a slash at its end`, suite);
  }
  const components = value.components ?? (isFlat ? [] : ["main"]);
  if (isFlat && String(components) !== "") {
    throw invalid(inside(place, ".components"), "left out when the suite is a path", components);
  }
  return {
    mirror: mirrorsOf(inside(place, ".mirror"), value.mirror),
    suite,
    components: isFlat ? [] : componentsOf(inside(place, ".components"), components),
    keyring: keyringOf(inside(place, ".keyring"), value.keyring),
  };
}

/** Pins, in their order. */
export function pinsOf(place: Place, value: unknown): Pin[] {
  if (!Array.isArray(value)) throw invalid(place, "a list of pins", value);
  return value.map((one, index) => pinOf(inside(place, `[${index}]`), one));
}

function pinOf(place: Place, value: unknown): Pin {
  if (!isRecord(value)) throw invalid(place, "an object with packages and priority", value);
  checkKnown(place, value, PIN_OPTIONS);
  const { packages, priority, ...conditions } = value;
  for (const [key, text] of Object.entries(conditions)) {
    if (typeof text !== "string" || text === "") throw invalid(inside(place, `.${key}`), "a text", text);
  }
  // apt's own limits: a 16-bit number, and zero has no meaning.
  if (!Number.isInteger(priority) || Math.abs(Number(priority)) > 32767 || priority === 0) {
    throw invalid(inside(place, ".priority"), "a whole number from -32767 to 32767, not 0", priority);
  }
  const names = patternsOf(inside(place, ".packages"), typeof packages === "string" ? [packages] : packages);
  return { packages: names, ...(conditions as Partial<Pin>), priority: priority as number };
}
