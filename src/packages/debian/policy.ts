/**
 * Which version of a package counts: apt_preferences(5). Each version has a priority, and the highest priority
 * wins; of equal ones the highest version. Pure.
 */
import type { PackageVersion } from "./text-index.ts";

/** What a suite's Release says of itself, as far as it decides between versions. */
export interface ReleaseInfo {
  /** `stable`, `stable-updates`: what apt calls the archive. */
  readonly suite: string;
  readonly codename: string;
  readonly origin: string;
  readonly label: string;
  readonly component: string;
  /** Nothing is taken from it unless asked for, as from `experimental`. */
  readonly notAutomatic: boolean;
  /** What was once taken from it is upgraded from it, as from backports. */
  readonly butAutomaticUpgrades: boolean;
}

/** A priority for some versions of some packages. What is not given matches everything. */
export interface Pin {
  /** Names or globs. `["*"]` without `version` sets the priority of whole sources. */
  readonly packages: readonly string[];
  /** Globs, as for apt: case does not count. */
  readonly suite?: string;
  readonly codename?: string;
  readonly origin?: string;
  readonly version?: string;
  /** Below zero: never. */
  readonly priority: number;
}

/** What a person wishes beside the archive's own order. */
export interface IndexPolicy {
  /** Of several that match a version, the first counts; those of packages come before those of sources. */
  readonly pins?: readonly Pin[];
  /** Names or globs of packages that are never chosen. */
  readonly forbid?: readonly string[];
  /** By name: the one version that may be chosen. */
  readonly hold?: Readonly<Record<string, string>>;
}

/** Why a version is no candidate. */
export type Refusal = "forbidden" | "held" | "pinned";

/** Priority of what a source has, unless a pin says otherwise: apt_preferences(5). */
const DEFAULT_PRIORITY = 500;
const AUTOMATIC_UPGRADES_PRIORITY = 100;
const NOT_AUTOMATIC_PRIORITY = 1;

/** What a policy says of the versions of some sources. */
export interface Preferences {
  /** The version that counts, of all that a package has, the highest first. */
  candidate(versions: readonly PackageVersion[]): PackageVersion | undefined;
  /** Why this version can never be the candidate; undefined when it could. */
  refusal(version: PackageVersion): Refusal | undefined;
}

/** The preferences of a policy, over sources by their position. */
export function preferencesOf(releases: readonly ReleaseInfo[], policy: IndexPolicy = {}): Preferences {
  const pins = (policy.pins ?? []).map(compilePin);
  const forbidden = globs(policy.forbid ?? []);
  const general = pins.filter((pin) => pin.isGeneral);
  const particular = pins.filter((pin) => !pin.isGeneral);
  const bySource = releases.map(
    (release) => general.find((pin) => pin.matchesRelease(release))?.priority ?? defaultPriority(release),
  );
  const priorityOf = (version: PackageVersion): number => {
    const pin = particular.find(
      (one) =>
        one.packages(version.name) &&
        one.version(version.version) &&
        version.sources.some((source) => one.matchesRelease(releases[source]!)),
    );
    return pin?.priority ?? Math.max(...version.sources.map((source) => bySource[source]!));
  };
  const refusal = (version: PackageVersion): Refusal | undefined => {
    if (forbidden(version.name)) return "forbidden";
    const held = heldVersion(policy, version.name);
    if (held !== undefined) return version.version === held ? undefined : "held";
    // apt takes a priority of zero for none.
    return priorityOf(version) <= 0 ? "pinned" : undefined;
  };
  return {
    refusal,
    candidate(versions) {
      let best: { readonly version: PackageVersion; readonly priority: number } | undefined;
      for (const version of versions) {
        if (refusal(version) !== undefined) continue;
        const priority = priorityOf(version);
        if (best === undefined || priority > best.priority) best = { version, priority };
      }
      return best?.version;
    },
  };
}

/** The version that a package is held at, if it is. */
export function heldVersion(policy: IndexPolicy, name: string): string | undefined {
  return policy.hold && Object.hasOwn(policy.hold, name) ? policy.hold[name] : undefined;
}

function defaultPriority({ notAutomatic, butAutomaticUpgrades }: ReleaseInfo): number {
  if (butAutomaticUpgrades) return AUTOMATIC_UPGRADES_PRIORITY;
  return notAutomatic ? NOT_AUTOMATIC_PRIORITY : DEFAULT_PRIORITY;
}

interface CompiledPin {
  readonly priority: number;
  /** Sets the priority of sources, not of packages. */
  readonly isGeneral: boolean;
  readonly packages: (name: string) => boolean;
  readonly version: (version: string) => boolean;
  readonly matchesRelease: (release: ReleaseInfo) => boolean;
}

function compilePin(pin: Pin): CompiledPin {
  const [suite, codename, origin] = [optional(pin.suite), optional(pin.codename), optional(pin.origin)];
  return {
    priority: pin.priority,
    isGeneral: pin.packages.length === 1 && pin.packages[0] === "*" && pin.version === undefined,
    packages: globs(pin.packages),
    version: optional(pin.version),
    matchesRelease: (release) => suite(release.suite) && codename(release.codename) && origin(release.origin),
  };
}

function optional(pattern: string | undefined): (text: string) => boolean {
  return pattern === undefined ? () => true : globs([pattern]);
}

/** Whether a text is one of these names or fits one of these globs. */
function globs(patterns: readonly string[]): (text: string) => boolean {
  const names = new Set(
    patterns.filter((pattern) => !/[*?[]/.test(pattern)).map((name) => name.toLowerCase()),
  );
  const globbed = patterns.filter((pattern) => /[*?[]/.test(pattern)).map(compileGlob);
  return (text) => names.has(text.toLowerCase()) || globbed.some((matches) => matches(text.toLowerCase()));
}

/** `*`, `?` and `[…]` of fnmatch(3). No backtracking over more than the last star, so that no glob is slow. */
function compileGlob(pattern: string): (text: string) => boolean {
  const parts = pattern.toLowerCase().match(/\*|\?|\[!?\]?[^\]]*\]|./gs) ?? [];
  return (text) => {
    let [at, part, star, starAt] = [0, 0, -1, 0];
    while (at < text.length) {
      if (parts[part] === "*") [star, starAt, part] = [part, at, part + 1];
      else if (part < parts.length && matchesPart(parts[part]!, text[at]!)) [at, part] = [at + 1, part + 1];
      else if (star >= 0) [part, starAt, at] = [star + 1, starAt + 1, starAt + 1];
      else return false;
    }
    return parts.slice(part).every((one) => one === "*");
  };
}

function matchesPart(part: string, character: string): boolean {
  if (part === "?") return true;
  if (!part.startsWith("[") || part.length < 3) return part === character;
  const isNegated = part[1] === "!";
  const inner = part.slice(isNegated ? 2 : 1, -1);
  for (let at = 0; at < inner.length; at++) {
    const isRange = inner[at + 1] === "-" && at + 2 < inner.length;
    const [low, high] = [inner[at]!, isRange ? inner[at + 2]! : inner[at]!];
    if (low <= character && character <= high) return !isNegated;
    if (isRange) at += 2;
  }
  return isNegated;
}
