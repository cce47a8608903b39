/** The sentences that say why packages cannot be installed together. */
import { MicrovmError } from "../../errors.ts";
import { formatGroup, formatRelation, type Relation, type RelationGroup } from "./dependencies.ts";
import { type Marks, objectionsOf } from "./marks.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";

/** Longest chain of needs that is followed for a reason: longer ones explain nothing to a person. */
const MAX_CHAIN = 500;

/** What a failed resolution is told from. */
export interface Failed {
  readonly index: PackageIndex;
  readonly marks: Marks;
  /** What the person asked for, and essential packages, in their order. */
  readonly wishes: readonly DebianPackage[];
  /** What errors call the package set. */
  readonly label: string;
}

/** From the package that was asked for down to the one that has the need. */
type Chain = readonly DebianPackage[];

/** One thing that stands against a package. */
interface Obstacle {
  readonly chain: Chain;
  /** Absent: the package at the end of the chain conflicts by itself. */
  readonly group?: RelationGroup;
  readonly why: string;
  /** Another package that has a part in it. */
  readonly other?: DebianPackage;
}

/** The error of a failed resolution: who needs what, and what is missing or forbids it. */
export function explain(failed: Failed): MicrovmError {
  const search = new Search(failed);
  const obstacle = search.first();
  if (!obstacle) {
    const names = failed.wishes.map(({ name }) => `"${name}"`).join(", ");
    return unsatisfiable(`Cannot install ${names} together`, []);
  }
  const { chain, group, why, other } = obstacle;
  const needer = chain.at(-1)!;
  const needs = group ? `"${needer.name}" needs "${formatGroup(group)}", ` : "";
  const chains = [chain, ...(other ? [search.chainTo(other)] : [])].filter((one) => one.length > 1);
  return unsatisfiable(`Cannot install "${chain[0]!.name}": ${needs}${why}`, chains.map(describeChain));
}

/** The error of a wish for a package that is there, and that the policy does not allow. */
export function explainRefusedWish(index: PackageIndex, name: string, label: string): MicrovmError {
  return unsatisfiable(`Cannot install "${name}": it ${refusedBecause(index, { name }, label)}`, []);
}

function unsatisfiable(message: string, chains: readonly string[]): MicrovmError {
  return new MicrovmError("package-unsatisfiable", message, {
    hint: [...new Set(chains), "Ask for other packages, or use another suite"].join(". "),
  });
}

/** Looks for the first obstacle, from the wishes in their order and for each in that of its dependencies. */
class Search {
  private readonly failed: Failed;
  private readonly visited = new Set<DebianPackage>();

  constructor(failed: Failed) {
    this.failed = failed;
  }

  first(): Obstacle | undefined {
    const wishes = new Set(this.failed.wishes);
    for (const wish of wishes) {
      const conflict = this.conflictOf(wish, wishes);
      if (conflict) return { ...conflict, chain: [wish] };
    }
    for (const wish of wishes) {
      const obstacle = this.obstacleOf(wish, [wish]);
      if (obstacle) return obstacle;
    }
    return undefined;
  }

  /** The shortest chain of needs from a wish to this package. */
  chainTo(target: DebianPackage): Chain {
    const seen = new Set<DebianPackage>(this.failed.wishes);
    const open: Chain[] = [...seen].map((wish) => [wish]);
    for (const chain of open) {
      const last = chain.at(-1)!;
      if (last === target) return chain;
      for (const { group } of this.failed.marks.dependenciesOf(last)) {
        for (const other of this.satisfiersOf(group)) {
          if (seen.has(other)) continue;
          seen.add(other);
          open.push([...chain, other]);
        }
      }
    }
    return [target];
  }

  private satisfiersOf(group: RelationGroup): readonly DebianPackage[] {
    return group.flatMap((relation) => this.failed.marks.satisfiers.of(relation));
  }

  private obstacleOf(one: DebianPackage, chain: Chain): Obstacle | undefined {
    if (this.visited.has(one) || chain.length > MAX_CHAIN) return undefined;
    this.visited.add(one);
    for (const { group, isCritical } of this.failed.marks.dependenciesOf(one)) {
      const obstacle = isCritical ? this.obstacleInGroup(group, chain) : undefined;
      if (obstacle) return obstacle;
    }
    return undefined;
  }

  /** A group is impossible when each of its candidates is; the first one's reason is told. */
  private obstacleInGroup(group: RelationGroup, chain: Chain): Obstacle | undefined {
    const candidates = this.satisfiersOf(group);
    if (candidates.length === 0) return { chain, group, why: this.missing(group) };
    const conflicts: { readonly why: string; readonly other: DebianPackage }[] = [];
    let deeper: Obstacle | undefined;
    for (const candidate of candidates) {
      const conflict = this.conflictOf(candidate, this.settled());
      if (conflict) {
        conflicts.push(conflict);
        continue;
      }
      const obstacle = this.obstacleOf(candidate, [...chain, candidate]);
      if (!obstacle) return undefined;
      deeper ??= obstacle;
    }
    if (deeper) return deeper;
    const why = conflicts.map((conflict) => conflict.why).join("; ");
    return { chain, group, why: `but ${why}`, other: conflicts[0]!.other };
  }

  /** What has to be there in any case, as far as marks found out. */
  private settled(): Iterable<DebianPackage> {
    const states = this.failed.marks.marked();
    return states.filter((state) => state.isProtected || state.isBelow).map((state) => state.package);
  }

  private conflictOf(
    candidate: DebianPackage,
    others: Iterable<DebianPackage>,
  ): { readonly why: string; readonly other: DebianPackage } | undefined {
    for (const other of others) {
      if (other.name === candidate.name) continue;
      const why = this.objection(other, candidate) ?? this.objection(candidate, other);
      if (why !== undefined) return { why, other };
    }
    return undefined;
  }

  private objection(owner: DebianPackage, other: DebianPackage): string | undefined {
    for (const objection of objectionsOf(owner)) {
      if (!this.failed.marks.objectsOf(owner, objection).includes(other)) continue;
      const { relation, kind } = objection;
      const named = relation.name === other.name ? "" : ` ("${other.name}")`;
      return `"${owner.name}" ${kind} "${formatRelation(relation)}"${named}`;
    }
    return undefined;
  }

  private missing(group: RelationGroup): string {
    const { index, label } = this.failed;
    const found = group.filter((relation) => index.versions(relation.name).length > 0);
    if (found.length === 0) return `which is not in ${label}`;
    return `but ${found.map((relation) => `"${relation.name}" ${refusedBecause(index, relation, label)}`).join(" and ")}`;
  }
}

/** Why no version of a package that is there satisfies a relation. */
function refusedBecause(index: PackageIndex, { name }: Relation, label: string): string {
  const versions = index.versions(name);
  const held = index.held(name);
  if (versions.every(({ refusal }) => refusal === "forbidden")) return "is forbidden";
  if (held !== undefined) {
    const isThere = versions.some(({ version }) => version === held);
    return isThere ? `is held at ${held}` : `is held at ${held}, which is not in ${label}`;
  }
  const candidate = index.get(name);
  if (candidate) return `has version ${candidate.version} in ${label}`;
  return "has no version whose priority is above zero";
}

/** From the package that the person asked for downwards. */
function describeChain(chain: Chain): string {
  return chain.map(({ name }) => `"${name}"`).join(" needs ");
}
