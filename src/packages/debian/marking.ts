/**
 * Marking packages for installation the way apt 2.6 does it, on a system that has nothing, or only what is in a
 * layer below. This is the first half of apt's resolution; `problem-solver.ts` is the second.
 *
 * Marking goes depth first. To mark a package:
 *
 * 1. It is given up at once when one of its dependencies cannot be had at all.
 * 2. What it conflicts with and is marked already loses its mark, unless it is protected: then this package is
 *    given up instead. A protected package takes the candidates that it conflicts with out of the game.
 * 3. It is marked, and is protected while its dependencies are dealt with.
 * 4. Its dependencies follow, in the order of the fields Pre-Depends, Depends, Recommends. One that something
 *    marked satisfies is done. Else the first alternative that can be marked, with all that it needs, is taken;
 *    what comes later does not count yet.
 * 5. When a dependency cannot be met the package loses its mark again, and can no longer be chosen. What was
 *    marked for it meanwhile stays; nobody needs it then, and it is swept at the end.
 *
 * What a person asks for is marked and protected before anything else, and never loses its mark. So is what a
 * protected package needs and only one package can give.
 */
import type { Relation, RelationGroup } from "./dependencies.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { Satisfiers } from "./satisfaction.ts";

/** How deep dependencies are followed: apt's own limit. */
const MAX_DEPTH = 3000;

/** What is known of one package during a resolution. */
export interface State {
  readonly package: DebianPackage;
  /** It is in a layer below. */
  readonly isBelow: boolean;
  isMarked: boolean;
  /** It may be chosen. */
  isCandidate: boolean;
  /** Its mark, or that it has none, is settled. */
  isProtected: boolean;
  /** Nobody asked for it; it was marked because something needs it. */
  isAutomatic: boolean;
}

/** A field's relations of which each group counts for itself. */
export interface Dependency {
  readonly group: RelationGroup;
  /** False: a recommendation. */
  readonly isCritical: boolean;
}

/** A relation that speaks against others. */
export interface Objection {
  readonly relation: Relation;
  readonly kind: "conflicts with" | "breaks";
}

/** What a marking is of. */
export interface MarkingOptions {
  /** Mark recommended packages too. */
  readonly recommends: boolean;
  /** Names of packages in the layers below. */
  readonly below: readonly string[];
}

/** The marks of one resolution. */
export class Marking {
  readonly index: PackageIndex;
  readonly satisfiers: Satisfiers;
  private readonly states = new Map<DebianPackage, State>();
  private readonly recommends: boolean;
  private readonly below: ReadonlySet<string>;
  private readonly dependencies = new Map<DebianPackage, readonly Dependency[]>();
  /** By name: what was given up since a mark of that name last changed. See `canBeHad`. */
  private readonly unnoticed = new Map<string, DebianPackage[]>();

  constructor(index: PackageIndex, { recommends, below }: MarkingOptions) {
    this.index = index;
    this.satisfiers = new Satisfiers(index);
    this.recommends = recommends;
    this.below = new Set(below);
    for (const name of below) {
      const there = index.get(name);
      if (there) this.stateOf(there);
    }
  }

  stateOf(one: DebianPackage): State {
    const known = this.states.get(one);
    if (known) return known;
    const isBelow = this.below.has(one.name);
    const state = {
      package: one,
      isBelow,
      isMarked: isBelow,
      isCandidate: true,
      isProtected: false,
      isAutomatic: false,
    };
    this.states.set(one, state);
    return state;
  }

  /** Every package that is marked or below, in the order in which they were first looked at. */
  marked(): readonly State[] {
    return [...this.states.values()].filter((state) => state.isMarked);
  }

  /** What a package needs, or is recommended with it when that counts, in apt's order. */
  dependenciesOf(one: DebianPackage): readonly Dependency[] {
    const known = this.dependencies.get(one);
    if (known) return known;
    const critical = (group: RelationGroup) => ({ group, isCritical: true });
    const needed = [
      ...one.preDepends.map(critical),
      ...one.depends.map(critical),
      ...(this.recommends ? one.recommends.map((group) => ({ group, isCritical: false })) : []),
    ];
    this.dependencies.set(one, needed);
    return needed;
  }

  /** Whether something marked satisfies one of the alternatives. */
  isSatisfied(group: RelationGroup): boolean {
    return group.some((relation) =>
      this.satisfiers.of(relation).some((one) => this.stateOf(one).isMarked),
    );
  }

  /** What an objection of this package is against, itself never counted. */
  objectsOf(owner: DebianPackage, { relation }: Objection): readonly DebianPackage[] {
    return this.satisfiers.of(relation).filter((one) => one.name !== owner.name);
  }

  /** Whether a marked package lacks something, or stands beside something marked that it objects to. */
  isBroken(one: DebianPackage): boolean {
    return (
      this.dependenciesOf(one).some(({ group, isCritical }) => isCritical && !this.isSatisfied(group)) ||
      objectionsOf(one).some((objection) =>
        this.objectsOf(one, objection).some((other) => this.stateOf(other).isMarked),
      )
    );
  }

  /** Marks what the person asks for, before its dependencies are dealt with. */
  request(one: DebianPackage): void {
    const state = this.stateOf(one);
    state.isProtected = true;
    this.setMark(state, true);
  }

  /**
   * Marks a package with all that it needs. False when that is impossible; it has no mark then, unless it is
   * protected.
   */
  mark(one: DebianPackage, depth = 0): boolean {
    const state = this.stateOf(one);
    if (!state.isCandidate) return false;
    if (state.isBelow && !state.isProtected) return true;
    if (!state.isMarked && state.isProtected) return false;
    if (depth > MAX_DEPTH) return false;
    if (state.isMarked && !state.isProtected && !this.lacks(one)) return true;
    if (!this.canBeHad(state)) return false;
    return this.markWithNeeds(state, depth);
  }

  /** Takes the mark from a package; false when it is protected or below. */
  unmark(one: DebianPackage): boolean {
    const state = this.stateOf(one);
    if (!state.isMarked) return true;
    if (state.isProtected || state.isBelow) return false;
    this.setMark(state, false);
    return true;
  }

  private markWithNeeds(state: State, depth: number): boolean {
    const wasProtected = state.isProtected;
    // Found before anything changes: what becomes satisfied meanwhile is looked at again.
    const open = this.dependenciesOf(state.package).filter(
      ({ group }) => wasProtected || !this.isSatisfied(group),
    );
    const isFree = this.removeConflicts(state);
    if (!isFree && !wasProtected) return false;
    this.markAutomatically(state);
    state.isProtected = true;
    const isComplete = this.markDependencies(open, wasProtected, depth);
    state.isProtected = wasProtected;
    if (isComplete || wasProtected) return isFree && isComplete;
    this.setMark(state, false);
    this.giveUp(state);
    return false;
  }

  /** From now on it cannot be chosen. */
  private giveUp(state: State): void {
    state.isCandidate = false;
    for (const name of namesOf(state.package)) {
      const others = this.unnoticed.get(name) ?? [];
      this.unnoticed.set(name, [...others, state.package]);
    }
  }

  private setMark(state: State, isMarked: boolean): void {
    state.isMarked = isMarked;
    const names = state.isCandidate ? namesOf(state.package) : [state.package.name];
    for (const name of names) this.unnoticed.delete(name);
  }

  private markAutomatically(state: State): void {
    if (state.isMarked) return;
    state.isAutomatic = true;
    this.setMark(state, true);
  }

  /**
   * Whether each dependency could be met by something. A package of which that is not so is given up. apt knows
   * this of each dependency from the last time that a mark of its target's name changed. So what was given up
   * since still counts as possible here, and what else such a package needs is marked before it is given up too.
   */
  private canBeHad(state: State): boolean {
    if (state.isBelow) return true;
    const isPossible = this.dependenciesOf(state.package).every(
      ({ group, isCritical }) =>
        !isCritical ||
        group.some((relation) => this.satisfiers.of(relation).some((one) => this.seemsPossible(relation, one))),
    );
    if (!isPossible && !state.isProtected) {
      state.isMarked = false;
      this.giveUp(state);
    }
    return isPossible;
  }

  private seemsPossible({ name }: Relation, one: DebianPackage): boolean {
    const { isMarked, isCandidate } = this.stateOf(one);
    return isMarked || isCandidate || (this.unnoticed.get(name)?.includes(one) ?? false);
  }

  /** Clears the way of a package; false when something that it objects to has to stay. */
  private removeConflicts({ package: owner, isProtected }: State): boolean {
    let isFree = true;
    for (const objection of objectionsOf(owner)) {
      for (const other of this.objectsOf(owner, objection)) {
        const state = this.stateOf(other);
        if (!state.isCandidate) continue;
        if (!this.unmark(other)) {
          if (!isProtected) return false;
          isFree = false;
        } else if (isProtected) {
          this.giveUp(state);
          state.isProtected = true;
        }
      }
    }
    return isFree;
  }

  private markDependencies(open: readonly Dependency[], isProtected: boolean, depth: number): boolean {
    let isComplete = true;
    for (const { group, isCritical } of open) {
      const isMet = this.isSatisfied(group)
        ? !isProtected || !isCritical || this.protectOnly(group, depth)
        : this.markOneOf(group, isProtected && isCritical, depth);
      if (isMet || !isCritical) continue;
      if (!isProtected) return false;
      isComplete = false;
    }
    return isComplete;
  }

  /** What a protected package needs is protected as well, where there is no choice. */
  private protectOnly(group: RelationGroup, depth: number): boolean {
    const solutions = new Set(this.solutionsOf(group));
    if (solutions.size !== 1) return true;
    const [only] = solutions as Set<DebianPackage>;
    const state = this.stateOf(only!);
    if (state.isProtected) return true;
    state.isProtected = true;
    return this.mark(only!, depth + 1);
  }

  private markOneOf(group: RelationGroup, isProtected: boolean, depth: number): boolean {
    const solutions = this.solutionsOf(group);
    for (const one of solutions) {
      const state = this.stateOf(one);
      if (!state.isCandidate) continue;
      if (isProtected && solutions.length === 1) {
        if (!this.markAlone(state, depth + 1)) continue;
        state.isProtected = true;
      }
      if (this.mark(one, depth + 1)) return true;
    }
    return false;
  }

  /** Marks a package and nothing that it needs. */
  markAlone(state: State, depth = 0): boolean {
    if (!state.isCandidate || depth > MAX_DEPTH) return false;
    if (!state.isMarked && state.isProtected) return false;
    this.markAutomatically(state);
    return true;
  }

  /** What could be marked for a group, preferred first: for each alternative what is protected, then the rest. */
  private solutionsOf(group: RelationGroup): readonly DebianPackage[] {
    const solutions: DebianPackage[] = [];
    for (const relation of group) {
      const candidates = this.satisfiers.of(relation).filter((one) => this.stateOf(one).isCandidate);
      const isProtected = (one: DebianPackage) => Number(this.stateOf(one).isProtected);
      for (const one of candidates.toSorted((a, b) => isProtected(b) - isProtected(a))) {
        if (solutions.at(-1) !== one) solutions.push(one);
      }
    }
    return solutions.filter((one) => {
      const { isProtected, isMarked } = this.stateOf(one);
      return !isProtected || isMarked;
    });
  }

  /** Whether a marked package lacks a dependency or a recommendation, or has a conflict. */
  private lacks(one: DebianPackage): boolean {
    return this.isBroken(one) || this.dependenciesOf(one).some(({ group }) => !this.isSatisfied(group));
  }
}

/** Names that a relation may call a package by. */
function namesOf(one: DebianPackage): readonly string[] {
  return [...new Set([one.name, ...one.provides.map((provided) => provided.name)])];
}

/** Everything that a package objects to, conflicts first. */
export function objectionsOf(one: DebianPackage): readonly Objection[] {
  return [
    ...one.conflicts.map((relation) => ({ relation, kind: "conflicts with" as const })),
    ...one.breaks.map((relation) => ({ relation, kind: "breaks" as const })),
  ];
}

