/** Which packages satisfy a relation. */
import type { Relation } from "./dependencies.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { PRIORITIES } from "./stanza-fields.ts";
import { versionSatisfies } from "./version.ts";

/**
 * Whether this package itself, or something that it provides, is what the relation asks for. Packages are all of
 * one architecture, so `:native` asks for nothing more, and another architecture is never there.
 */
export function satisfies(candidate: DebianPackage, relation: Relation): boolean {
  const { name, qualifier } = relation;
  const isAny = qualifier === "any";
  if (isForeign(candidate, qualifier)) return false;
  const countsForAny = candidate.multiArch === "allowed";
  if (candidate.name === name && (!isAny || countsForAny) && inRange(candidate.version, relation))
    return true;
  return candidate.provides.some(
    (provided) =>
      provided.name === name &&
      (isAny ? countsForAny || provided.qualifier === "any" : provided.qualifier === undefined) &&
      // What is provided without a version satisfies no versioned relation: Debian policy 7.5.
      (relation.version === undefined ||
        (provided.version !== undefined && inRange(provided.version.bound, relation))),
  );
}

/** Satisfiers of relations in one index, remembered by relation. */
export class Satisfiers {
  private readonly index: PackageIndex;
  private readonly known = new Map<Relation, readonly DebianPackage[]>();

  constructor(index: PackageIndex) {
    this.index = index;
  }

  /** Everything in the index that satisfies a relation, in no order that means something. */
  of(relation: Relation): readonly DebianPackage[] {
    const known = this.known.get(relation);
    if (known) return known;
    const { name, qualifier } = relation;
    const real = this.index.get(name);
    const virtual = qualifier === "any" ? `${name}:any` : name;
    const named = new Set([...(real ? [real] : []), ...this.index.providers(virtual)]);
    const found = [...named].filter((one) => satisfies(one, relation));
    this.known.set(relation, found);
    return found;
  }

  /**
   * Some of these in the order in which apt prefers them: those that come first by `before`, then the package of that
   * name, essential ones, protected ones, by priority, and at last the one whose name was first mentioned latest.
   * The latter is only found out when somebody gets that far.
   */
  *inOrder(
    relation: Relation,
    some: readonly DebianPackage[] = this.of(relation),
    before: (one: DebianPackage) => boolean = () => false,
  ): Generator<DebianPackage> {
    const compare = (a: DebianPackage, b: DebianPackage) =>
      Number(before(b)) - Number(before(a)) || preference(a, b, relation);
    const sorted = some.toSorted(compare);
    for (let start = 0; start < sorted.length; ) {
      let end = start + 1;
      while (end < sorted.length && compare(sorted[start]!, sorted[end]!) === 0) end++;
      if (end === start + 1) yield sorted[start]!;
      else yield* this.byMention(sorted.slice(start, end));
      start = end;
    }
  }

  private byMention(equal: readonly DebianPackage[]): readonly DebianPackage[] {
    return equal.toSorted((a, b) => this.index.firstMention(b.name) - this.index.firstMention(a.name));
  }
}

function preference(a: DebianPackage, b: DebianPackage, { name, qualifier }: Relation): number {
  const isTarget = (one: DebianPackage) => qualifier === undefined && one.name === name;
  return (
    Number(isTarget(b)) - Number(isTarget(a)) ||
    Number(b.essential) - Number(a.essential) ||
    Number(b.important) - Number(a.important) ||
    priorityOf(a) - priorityOf(b)
  );
}

function priorityOf({ priority }: DebianPackage): number {
  return PRIORITIES.indexOf(priority as (typeof PRIORITIES)[number]);
}

function inRange(version: string, relation: Relation): boolean {
  return (
    relation.version === undefined ||
    versionSatisfies(version, relation.version.operator, relation.version.bound)
  );
}

function isForeign(candidate: DebianPackage, qualifier: string | undefined): boolean {
  if (qualifier === undefined || qualifier === "any" || qualifier === "native") return false;
  return qualifier !== candidate.architecture;
}
