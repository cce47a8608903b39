/**
 * The packages of a set: those of several sources merged, each name with the one version that counts. An index
 * is tens of megabytes of text; it is looked through once, and kept with tables of what is where, which are opened in
 * milliseconds. Only packages that are asked for are parsed.
 */
import { buildTables } from "./index-builder.ts";
import { type IndexParts, keepIndex, keptIndex } from "./index-cache.ts";
import { textsInMemory } from "./index-texts.ts";
import {
  heldVersion,
  type IndexPolicy,
  type Preferences,
  preferencesOf,
  type Refusal,
  type ReleaseInfo,
} from "./policy.ts";
import { isSameVersion, type PackageVersion, TextIndex } from "./text-index.ts";

export type { IndexPolicy } from "./policy.ts";

/** A `Packages` file of one component of one suite. */
export interface IndexSource {
  /** The decompressed file; only called when it is not kept. */
  readonly text: () => Buffer;
  /** Of the decompressed file. */
  readonly sha256: string;
  /** An opaque name of the archive that the paths of its packages belong to. */
  readonly repository: string;
  readonly release: ReleaseInfo;
}

/** A source of which only what is kept is wanted. */
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
  /** Names that the archive lists, whether or not a version of them may be chosen, or is of any use. */
  names(): Iterable<string>;
  /** When a package's name was first mentioned in the archive: the higher, the later. */
  firstMention(name: string): number;
  /** Every version of a package, the highest first, with why it can never be chosen. */
  versions(name: string): readonly { readonly version: string; readonly refusal: Refusal | undefined }[];
  /** The version that a package is held at by the policy. */
  held(name: string): string | undefined;
}

/** How an index is opened. */
export interface OpenIndexOptions {
  readonly policy?: IndexPolicy;
  /** Where indices are kept; without it, sources are looked through each time. */
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
  const { cacheDirectory, policy = {} } = options;
  const texts = sources.map((source) => source.text());
  const tables = buildTables(texts, architecture);
  if (cacheDirectory !== undefined) {
    keepIndex(cacheDirectory, inputsOf(sources, architecture), tables, texts);
    // From the disk, a few pieces of the texts are read instead of all being held.
    const again = openKeptIndex(sources, architecture, options);
    if (again) return again;
  }
  const parts = { tables, texts: textsInMemory(tables.stanzas, texts) };
  return new SourcesIndex(parts, sources, architecture, policy);
}

/** The same when it is kept: whoever asks this first need not have the texts. */
export function openKeptIndex(
  sources: readonly KeptSource[],
  architecture: string,
  { policy = {}, cacheDirectory }: OpenIndexOptions = {},
): PackageIndex | undefined {
  if (cacheDirectory === undefined) return undefined;
  const kept = keptIndex(cacheDirectory, inputsOf(sources, architecture));
  return kept && new SourcesIndex(kept, sources, architecture, policy);
}

/** All that the tables depend on. */
function inputsOf(sources: readonly KeptSource[], architecture: string): readonly string[] {
  return [architecture, ...sources.map(({ sha256 }) => sha256)];
}

class SourcesIndex implements PackageIndex {
  private readonly parsed: TextIndex;
  private readonly sources: readonly KeptSource[];
  private readonly policy: IndexPolicy;
  private readonly preferences: Preferences;
  private readonly candidates = new Map<string, DebianPackage | undefined>();
  private readonly provided = new Map<string, readonly DebianPackage[]>();

  constructor(
    { tables, texts }: IndexParts,
    sources: readonly KeptSource[],
    architecture: string,
    policy: IndexPolicy,
  ) {
    this.parsed = new TextIndex(tables, texts, architecture);
    // Without the texts that a source may hold.
    this.sources = sources.map(({ sha256, repository, release }) => ({ sha256, repository, release }));
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
    for (const version of this.parsed.providersOf(name)) {
      const candidate = this.get(version.name);
      if (candidate && isSameVersion(candidate, version)) found.add(candidate);
    }
    const providers = [...found];
    this.provided.set(name, providers);
    return providers;
  }

  essential(): readonly DebianPackage[] {
    const found = this.parsed.essentialNames().map((name) => this.get(name));
    return found.filter((one) => one !== undefined);
  }

  names(): Iterable<string> {
    return this.parsed.packageNames();
  }

  firstMention(name: string): number {
    return this.parsed.firstMention(name);
  }

  versions(name: string) {
    return this.parsed.versionsOf(name).map((version) => ({
      version: version.version,
      refusal: this.preferences.refusal(version),
    }));
  }

  held(name: string): string | undefined {
    return heldVersion(this.policy, name);
  }

  private candidateOf(name: string): DebianPackage | undefined {
    const versions = this.parsed.versionsOf(name);
    const chosen = this.preferences.candidate(versions);
    if (chosen === undefined) return undefined;
    // What one version says of its importance counts for the package, as apt has it.
    const essential = versions.some((version) => version.essential);
    const important = versions.some((version) => version.important);
    return { ...chosen, essential, important, repository: this.sources[chosen.sources[0]!]!.repository };
  }
}
