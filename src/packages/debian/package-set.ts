/** Package sets of Debian and its kin: plain data, made in project files, so this module imports little. */
import { MicrovmError } from "../../errors.ts";
import * as check from "./package-set-checks.ts";
import { type Pin, pinsOf, type Repository, repositoriesOf } from "./repository-checks.ts";

/** The distributions that a package set can be of. */
export type Distribution = "debian" | "ubuntu";

/** A package set: frozen plain JSON; two equal sets are interchangeable. It is also valid as `DebianOptions`. */
export interface DebianPackageSet {
  readonly type: Distribution;
  readonly suite: string;
  readonly architecture: string;
  readonly components: readonly string[];
  /** Where packages come from, tried in order; null: what the host's own apt configuration names. */
  readonly mirror: readonly string[] | null;
  /** Whether `SUITE-updates` belongs to it. */
  readonly updates: boolean;
  /** Whether `SUITE-security` belongs to it; addresses when they are given. */
  readonly security: boolean | readonly string[];
  readonly extraSuites: readonly string[];
  /** A time of a snapshot service (`20250520T000000Z`), which is then a directory of `mirror`. */
  readonly snapshot: string | null;
  /** Trusted public keys: a path, or armored text; null: those of the distribution that the program ships. */
  readonly keyring: string | null;
  readonly checkValidUntil: boolean;
  readonly repositories: Readonly<Record<string, Repository>>;
  readonly packages: readonly string[];
  readonly pins: readonly Pin[];
  readonly hold: readonly string[];
  readonly forbid: readonly string[];
  readonly recommends: boolean;
  readonly fallbackMirrors: readonly string[];
}

/** A repository as a person gives it. */
export interface RepositoryOptions {
  /** Address, or several that are tried in order. */
  readonly mirror: string | readonly string[];
  /** `trixie`, `stable`; with a slash at its end (`./`) for a repository without `dists`. */
  readonly suite: string;
  /** Default: `["main"]`, or none for a repository without `dists`. */
  readonly components?: readonly string[];
  /** apt's `Signed-By`: path of a keyring (from the project's directory on) or armored text. */
  readonly keyring: string;
}

/** A pin as a person gives it. */
export interface PinOptions extends Omit<Pin, "packages"> {
  readonly packages: string | readonly string[];
}

/** What `debian()` and `ubuntu()` take. */
export interface DebianOptions {
  /** Suite or code name: `trixie`, `bookworm`, `stable`, `sid`; `noble`. */
  readonly suite: string;
  /** Debian's name of an architecture: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Default: `["main"]`; of Ubuntu `["main", "universe"]`. */
  readonly components?: readonly string[];
  /**
   * Address of an archive, `http:`, `https:` or `file:`, without `/dists`; or several, tried in order. Default: the
   * host's own.
   */
  readonly mirror?: string | readonly string[] | null;
  /** Take `SUITE-updates` too. Default: true for released suites of the distribution's own archive. */
  readonly updates?: boolean;
  /**
   * Take `SUITE-security` too; or the addresses of its archive. Default: true for released suites of the
   * distribution's own archive.
   */
  readonly security?: boolean | string | readonly string[];
  /** Further suites of the same archive, with the same components: `["trixie-backports"]`. */
  readonly extraSuites?: readonly string[];
  /** A time like `20250520T000000Z`, appended to `mirror`, which must then be that of a snapshot service. */
  readonly snapshot?: string | null;
  /** Path of a keyring (armored or binary) or armored text, in place of the distribution's keys. */
  readonly keyring?: string | null;
  /** Refuse an archive whose state is past its `Valid-Until`. Default: true, without a snapshot. */
  readonly checkValidUntil?: boolean;
  /** Other people's repositories by a name of your choice. */
  readonly repositories?: Readonly<Record<string, RepositoryOptions>>;
  /** Files `./NAME.deb` and directories of them, from the project's directory on. They win over every archive. */
  readonly packages?: readonly string[];
  readonly pins?: readonly PinOptions[];
  /** Names of packages that stay at their locked version when the lock is updated. */
  readonly hold?: readonly string[];
  /** Names, or patterns, of packages that must not be installed. */
  readonly forbid?: readonly string[];
  /** Install recommended packages in guests, as apt does by default. Default false. */
  readonly recommends?: boolean;
  /** Archives that keep old packages, asked when no mirror has one any more: mirrors, or snapshot services. */
  readonly fallbackMirrors?: readonly string[];
}

const COMPONENTS: Readonly<Record<Distribution, readonly string[]>> = {
  debian: ["main"],
  ubuntu: ["main", "universe"],
};

/** Debian's suites with a security team; unstable and testing have none, and older ones are in another archive. */
const SUPPORTED = /^(stable|oldstable|bullseye|bookworm|trixie)$/;

/** A package set of Debian. Errors: `config-invalid`, naming the option that is wrong. */
export function debian(options: DebianOptions): DebianPackageSet {
  return makeSet("debian", options);
}

/** A package set of Ubuntu. Errors: `config-invalid`, naming the option that is wrong. */
export function ubuntu(options: DebianOptions): DebianPackageSet {
  return makeSet("ubuntu", options);
}

/**
 * A package set that came from elsewhere as JSON, checked as strictly as one that is made here. Errors:
 * `config-invalid`.
 */
export function asPackageSet(value: unknown): DebianPackageSet {
  const { type, ...options } = (value ?? {}) as { type?: unknown } & DebianOptions;
  if (type === "debian" || type === "ubuntu") return makeSet(type, options);
  throw new MicrovmError("config-invalid", `Not a package set: ${JSON.stringify(value)}`, {
    hint: 'Make one: debian({ suite: "trixie", architecture: "amd64" })',
  });
}

/**
 * Whether a suite has `-updates` and `-security` beside it that a person may expect: only in the distribution's own
 * archive, which its own keys sign.
 */
export function hasUpdates(type: Distribution, suite: string): boolean {
  return type === "ubuntu" ? /^[a-z]+$/.test(suite) : SUPPORTED.test(suite);
}

function makeSet(type: Distribution, given: DebianOptions): DebianPackageSet {
  check.checkOptions(type, given);
  const at = (option: keyof DebianOptions) => ({ owner: type, option });
  const keyring = given.keyring == null ? null : check.keyringOf(at("keyring"), given.keyring);
  const mirror = given.mirror == null ? null : check.mirrorsOf(at("mirror"), given.mirror);
  const snapshot = check.snapshotOf(at("snapshot"), given.snapshot ?? null, mirror);
  const suite = check.suiteOf(at("suite"), given.suite);
  const isOwnArchive = keyring === null && hasUpdates(type, suite);
  const { security = isOwnArchive } = given;
  return deepFreeze({
    type,
    suite,
    architecture: check.architectureOf(at("architecture"), given.architecture),
    components: check.componentsOf(at("components"), given.components ?? COMPONENTS[type]),
    mirror,
    updates: check.flagOf(at("updates"), given.updates ?? isOwnArchive),
    security: typeof security === "boolean" ? security : check.mirrorsOf(at("security"), security),
    extraSuites: check.suitesOf(at("extraSuites"), given.extraSuites ?? []),
    snapshot,
    keyring,
    checkValidUntil: check.flagOf(at("checkValidUntil"), given.checkValidUntil ?? snapshot === null),
    repositories: repositoriesOf(at("repositories"), given.repositories ?? {}),
    packages: check.localPathsOf(at("packages"), given.packages ?? []),
    pins: pinsOf(at("pins"), given.pins ?? []),
    hold: check.namesOf(at("hold"), given.hold ?? []),
    forbid: check.patternsOf(at("forbid"), given.forbid ?? []),
    recommends: check.flagOf(at("recommends"), given.recommends ?? false),
    fallbackMirrors: check.addressesOf(at("fallbackMirrors"), given.fallbackMirrors ?? []),
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
