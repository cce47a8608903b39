/**
 * The packages of a set: those of several sources merged, each name with the one version that counts. An index
 * is tens of megabytes of text; it is parsed once, and kept in a compact form that is opened in milliseconds.
 */
import { CompactIndex, type PackageVersion } from "./compact-index.ts";
import { buildTables } from "./index-builder.ts";
import { keepTables, keptTables } from "./index-cache.ts";
import {
  heldVersion,
  type IndexPolicy,
  type Preferences,
  preferencesOf,
  type Refusal,
  type ReleaseInfo,
} from "./policy.ts";

export type { IndexPolicy } from "./policy.ts";

/** A `Packages` file of one component of one suite. */
export interface IndexSource {
  /** The decompressed file; only called when the compact form is not there. */
  readonly text: () => Buffer;
  /** Of the decompressed file. */
  readonly sha256: string;
  /** An opaque name of the archive that the paths of its packages belong to. */
  readonly repository: string;
  readonly release: ReleaseInfo;
}

/** A source of which only the compact form is wanted. */
export type KeptSource = Omit<IndexSource, "text">;

/** One package of an index: the version that counts. */
export interface DebianPackage extends PackageVersion {
  /** The archive that `file` belongs to: the `repository` of the first source that has it. */
  readonly repository: string;
}

/** All packages that a package set has for one architecture. */
export interface PackageIndex {
  /** The version of a package that counts, if one may be chosen. */
  get(name: string): DebianPackage | undefined;
  /** Packages that say that they provide this name; `NAME:any` asks for those that count for any architecture. */
  providers(name: string): readonly DebianPackage[];
  /** Packages with `Essential: yes`, in the archive's order. */
  essential(): readonly DebianPackage[];
  /** Names that have a version, whether or not it may be chosen. */
  names(): Iterable<string>;
  /** Every version of a package, the highest first, with why it can never be chosen. */
  versions(name: string): readonly { readonly version: string; readonly refusal: Refusal | undefined }[];
  /** The version that a package is held at by the policy. */
  held(name: string): string | undefined;
}

/** How an index is opened. */
export interface OpenIndexOptions {
  readonly policy?: IndexPolicy;
  /** Where the compact form is kept; without it, sources are parsed each time. */
  readonly cacheDirectory?: string;
}

/**
 * The index of these sources, in apt's order of sources. `architecture` is the set's: packages of others are
 * left out. Errors: `index-invalid` when a source is beyond all measure.
 */
export function openIndex(
  sources: readonly IndexSource[],
  architecture: string,
  options: OpenIndexOptions = {},
): PackageIndex {
  const kept = openKeptIndex(sources, architecture, options);
  if (kept) return kept;
  const tables = buildTables(textsOf(sources), architecture);
  const { cacheDirectory, policy = {} } = options;
  if (cacheDirectory !== undefined) keepTables(cacheDirectory, inputsOf(sources, architecture), tables);
  return new SourcesIndex(new CompactIndex(tables), sources, policy);
}

/** The same when its compact form is there: whoever asks this first need not have the texts. */
export function openKeptIndex(
  sources: readonly KeptSource[],
  architecture: string,
  { policy = {}, cacheDirectory }: OpenIndexOptions = {},
): PackageIndex | undefined {
  if (cacheDirectory === undefined) return undefined;
  const tables = keptTables(cacheDirectory, inputsOf(sources, architecture));
  return tables && new SourcesIndex(new CompactIndex(tables), sources, policy);
}

/** All that the compact form depends on. */
function inputsOf(sources: readonly KeptSource[], architecture: string): readonly string[] {
  return [architecture, ...sources.map(({ sha256 }) => sha256)];
}

/** One text after the other, so that only one need be in memory. */
function* textsOf(sources: readonly IndexSource[]): Generator<Buffer> {
  for (const source of sources) yield source.text();
}

class SourcesIndex implements PackageIndex {
  private readonly compact: CompactIndex;
  private readonly sources: readonly KeptSource[];
  private readonly policy: IndexPolicy;
  private readonly preferences: Preferences;
  private readonly candidates = new Map<string, DebianPackage | undefined>();
  private readonly provided = new Map<string, readonly DebianPackage[]>();

  constructor(compact: CompactIndex, sources: readonly KeptSource[], policy: IndexPolicy) {
    this.compact = compact;
    this.sources = sources;
    this.policy = policy;
    this.preferences = preferencesOf(
      sources.map(({ release }) => release),
      policy,
    );
  }

  get(name: string): DebianPackage | undefined {
    if (!this.candidates.has(name)) this.candidates.set(name, this.candidateOf(name));
    return this.candidates.get(name);
  }

  providers(name: string): readonly DebianPackage[] {
    const known = this.provided.get(name);
    if (known) return known;
    const found = new Set<DebianPackage>();
    for (const version of this.compact.providersOf(name)) {
      const candidate = this.get(version.name);
      if (candidate && isSame(candidate, version)) found.add(candidate);
    }
    const providers = [...found];
    this.provided.set(name, providers);
    return providers;
  }

  essential(): readonly DebianPackage[] {
    const found = this.compact.essentialNames().map((name) => this.get(name));
    return found.filter((one) => one !== undefined);
  }

  names(): Iterable<string> {
    return this.compact.packageNames();
  }

  versions(name: string) {
    return this.compact.versionsOf(name).map((version) => ({
      version: version.version,
      refusal: this.preferences.refusal(version),
    }));
  }

  held(name: string): string | undefined {
    return heldVersion(this.policy, name);
  }

  private candidateOf(name: string): DebianPackage | undefined {
    const versions = this.compact.versionsOf(name);
    const chosen = this.preferences.candidate(versions);
    if (chosen === undefined) return undefined;
    // What one version says of its importance counts for the package, as apt has it.
    const essential = versions.some((version) => version.essential);
    const important = versions.some((version) => version.important);
    return { ...chosen, essential, important, repository: this.sources[chosen.sources[0]!]!.repository };
  }
}

function isSame(a: PackageVersion, b: PackageVersion): boolean {
  return a.version === b.version && a.sha256 === b.sha256;
}
