/** The sentences that say why packages cannot be installed together. */
import { MicrovmError } from "../../errors.ts";
import { formatGroup, formatRelation, type Relation, type RelationGroup } from "./dependencies.ts";
import { type Marks, type Objection, objectionsOf } from "./marks.ts";
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

/** Something that stands against a package by its mere presence. */
interface Conflict {
  readonly why: string;
  readonly other: DebianPackage;
}

/** Looks for the first obstacle, from the wishes in their order and for each in that of its dependencies. */
class Search {
  private readonly failed: Failed;
  private readonly visited = new Set<DebianPackage>();
  /** What has to be there in any case, as far as is known. */
  private present = new Set<DebianPackage>();
  /** What one of these objects to. */
  private objected = new Map<DebianPackage, Conflict>();

  constructor(failed: Failed) {
    this.failed = failed;
  }

  first(): Obstacle | undefined {
    const { marks, wishes } = this.failed;
    this.assume(wishes);
    for (const wish of wishes) {
      const conflict = this.conflictOf(wish);
      if (conflict) return { ...conflict, chain: [wish] };
    }
    const marked = marks.marked();
    const isSettled = marked.filter((state) => state.isProtected || state.isBelow);
    this.assume(isSettled.map((state) => state.package));
    for (const wish of wishes) {
      const obstacle = this.obstacleOf(wish, [wish]);
      if (obstacle) return obstacle;
    }
    return this.lastResort(marked.map((state) => state.package));
  }

  /** Each need could be met by itself: then what is told is where the marks do not fit together in the end. */
  private lastResort(marked: readonly DebianPackage[]): Obstacle | undefined {
    const { marks } = this.failed;
    this.assume(marked);
    for (const one of marked.filter((each) => marks.isBroken(each))) {
      const chain = this.chainTo(one);
      const conflict = this.conflictOf(one);
      if (conflict) return { ...conflict, chain };
      for (const { group, isCritical } of marks.dependenciesOf(one)) {
        if (!isCritical || marks.isSatisfied(group)) continue;
        this.visited.clear();
        const rest = { chain, group, why: "which does not go together with the rest" };
        return this.obstacleInGroup(group, chain) ?? rest;
      }
    }
    return undefined;
  }

  private assume(present: readonly DebianPackage[]): void {
    this.present = new Set(present);
    this.objected = new Map();
    for (const owner of present) {
      for (const objection of objectionsOf(owner)) {
        for (const other of this.failed.marks.objectsOf(owner, objection)) {
          if (this.objected.has(other)) continue;
          this.objected.set(other, { why: describe(owner, objection, other), other: owner });
        }
      }
    }
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
    return group.flatMap((relation) => [...this.failed.marks.satisfiers.inOrder(relation)]);
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
    if (candidates.length === 0) return { chain, group, why: missing(this.failed, group) };
    const conflicts: Conflict[] = [];
    let deeper: Obstacle | undefined;
    for (const candidate of new Set(candidates)) {
      const conflict = this.conflictOf(candidate);
      const obstacle = conflict ? undefined : this.obstacleOf(candidate, [...chain, candidate]);
      if (conflict) conflicts.push(conflict);
      else if (obstacle) deeper ??= obstacle;
      else return undefined;
    }
    if (deeper) return deeper;
    const why = conflicts.map((conflict) => conflict.why).join("; ");
    return { chain, group, why: `but ${why}`, other: conflicts[0]!.other };
  }

  private conflictOf(candidate: DebianPackage): Conflict | undefined {
    const objected = this.objected.get(candidate);
    if (objected) return objected;
    for (const objection of objectionsOf(candidate)) {
      const objects = [...this.failed.marks.objectsOf(candidate, objection)];
      const other = objects.find((one) => this.present.has(one));
      if (other) return { why: describe(candidate, objection, other), other };
    }
    return undefined;
  }
}

function describe(owner: DebianPackage, { relation, kind }: Objection, other: DebianPackage): string {
  const named = relation.name === other.name ? "" : ` ("${other.name}")`;
  return `"${owner.name}" ${kind} "${formatRelation(relation)}"${named}`;
}

function missing({ index, label }: Failed, group: RelationGroup): string {
  const found = group.filter((relation) => index.versions(relation.name).length > 0);
  if (found.length === 0) return `which is not in ${label}`;
  return `but ${found.map((relation) => `"${relation.name}" ${refusedBecause(index, relation, label)}`).join(" and ")}`;
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
