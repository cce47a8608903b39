/**
 * The index that several `Packages` files make together, with what a package set prefers among their versions.
 * Of what apt_preferences(5) says, the priorities of suites, exact names and patterns are known here.
 */
import {
  type PackageIndex as ParsedIndex,
  type DebianPackage as ParsedPackage,
  parseIndex,
} from "./package-index.ts";
import { type FoundStanza, findStanzas } from "./packages-text.ts";
import type { Pin } from "./repository-checks.ts";
import { compareVersions } from "./version.ts";

/** One `Packages` file and where it is from. */
export interface IndexSource {
  /** The decompressed file. */
  readonly text: () => Buffer;
  /** Of that file. */
  readonly sha256: string;
  /** Opaque name of the repository that file paths belong to. */
  readonly repository: string;
  readonly release: {
    readonly suite: string;
    readonly codename: string;
    readonly origin: string;
    readonly label: string;
    readonly component: string;
    readonly notAutomatic: boolean;
    readonly butAutomaticUpgrades: boolean;
  };
}

/** What is preferred, forbidden and kept. */
export interface IndexPolicy {
  readonly pins?: readonly Pin[];
  readonly forbid?: readonly string[];
  /** The exact version to keep, by name. */
  readonly hold?: Readonly<Record<string, string>>;
}

/** A package and whose archive its file is in. */
export interface DebianPackage extends ParsedPackage {
  readonly repository: string;
}

/** An index of several repositories. */
export interface PackageIndex extends ParsedIndex {
  get(name: string): DebianPackage | undefined;
  /** Every version of a package. */
  versions(name: string): readonly { readonly version: string }[];
}

interface Candidate extends FoundStanza {
  readonly source: IndexSource;
  readonly priority: number;
}

/** The index of these sources. `architecture` is the set's. */
export function openIndex(
  sources: readonly IndexSource[],
  architecture: string,
  { policy = {} }: { readonly policy?: IndexPolicy; readonly cacheDirectory?: string } = {},
): PackageIndex {
  const all = new Map<string, Candidate[]>();
  const texts = new Map(sources.map((source) => [source, source.text()]));
  for (const [source, text] of texts) {
    for (const found of findStanzas(text)) {
      const candidate = { ...found, source, priority: priorityOf(found, source, policy) };
      const others = all.get(found.name);
      if (others) others.push(candidate);
      else all.set(found.name, [candidate]);
    }
  }
  const winners = new Map<string, Candidate>();
  for (const [name, candidates] of all) {
    const best = bestOf(candidates);
    if (best) winners.set(name, best);
  }
  const kept = sources.map((source) => textOf(source, texts.get(source)!, winners));
  const index = parseIndex(kept, architecture);
  const known = new Map<string, DebianPackage>();
  const located = (found: ParsedPackage): DebianPackage => {
    const before = known.get(found.name);
    if (before) return before;
    const one = { ...found, repository: winners.get(found.name)!.source.repository };
    known.set(found.name, one);
    return one;
  };
  return {
    get: (name) => {
      const found = index.get(name);
      return found && located(found);
    },
    providers: (name) => index.providers(name).map(located),
    essential: () => index.essential().map(located),
    names: () => index.names(),
    versions: (name) => all.get(name) ?? [],
  };
}

function textOf(source: IndexSource, text: Buffer, winners: ReadonlyMap<string, Candidate>): Buffer {
  const parts: Buffer[] = [];
  for (const { name, start, end } of findStanzas(text)) {
    const winner = winners.get(name);
    if (winner?.source === source && winner.start === start) parts.push(text.subarray(start, end), GAP);
  }
  return Buffer.concat(parts);
}

const GAP = Buffer.from("\n");

function priorityOf(
  { name, version }: FoundStanza,
  { release }: IndexSource,
  { pins = [], forbid = [], hold = {} }: IndexPolicy,
): number {
  if (forbid.some((pattern) => fits(pattern, name))) return -1;
  if (Object.hasOwn(hold, name)) return hold[name] === version ? Number.MAX_SAFE_INTEGER : -1;
  const pin = pins.find(
    (one) =>
      one.packages.some((pattern) => fits(pattern, name)) &&
      fits(one.version, version) &&
      fits(one.suite, release.suite) &&
      fits(one.codename, release.codename) &&
      fits(one.origin, release.origin),
  );
  if (pin) return pin.priority;
  if (!release.notAutomatic) return 500;
  return release.butAutomaticUpgrades ? 100 : 1;
}

function bestOf(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const one of candidates) {
    if (one.priority <= 0 || one.priority < (best?.priority ?? 1)) continue;
    const isHigher = !best || one.priority > best.priority || compareVersions(one.version, best.version) > 0;
    if (isHigher) best = one;
  }
  return best;
}

function fits(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined || pattern === text) return true;
  if (!/[*?]/.test(pattern)) return false;
  const form = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${form}$`).test(text);
}
