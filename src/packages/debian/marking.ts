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
import type { RelationGroup } from "./dependencies.ts";
import { type Dependency, type Marks, objectionsOf, type State } from "./marks.ts";
import type { DebianPackage } from "./package-index.ts";

/**
 * How deep dependencies are followed. Real chains are a few dozen long; apt gives
 * up at 3000, which is more than the call stack holds here.
 */
export const MAX_DEPTH = 1000;

/** Marks these packages and all that they need. Afterwards some of them may be broken. */
export function markWishes(marks: Marks, wishes: Iterable<DebianPackage>): void {
  const marking = new Marking(marks);
  for (const wish of wishes) marks.request(wish);
  for (const wish of wishes) marking.mark(wish);
}

/** Marks a package and nothing that it needs; false when it cannot be chosen any more. */
export function markAlone(marks: Marks, state: State, depth = 0): boolean {
  if (!state.isCandidate || depth > MAX_DEPTH) return false;
  if (!state.isMarked && state.isProtected) return false;
  marks.markAutomatically(state);
  return true;
}

class Marking {
  private readonly marks: Marks;

  constructor(marks: Marks) {
    this.marks = marks;
  }

  /**
   * Marks a package with all that it needs. False when that is impossible; it has no mark then, unless it is
   * protected.
   */
  mark(one: DebianPackage, depth = 0): boolean {
    const state = this.marks.stateOf(one);
    if (!state.isCandidate) return false;
    if (state.isBelow && !state.isProtected) return true;
    if (!state.isMarked && state.isProtected) return false;
    if (depth > MAX_DEPTH) return false;
    if (state.isMarked && !state.isProtected && !this.marks.lacks(one)) return true;
    if (!this.canBeHad(state)) return false;
    return this.markWithNeeds(state, depth);
  }

  private markWithNeeds(state: State, depth: number): boolean {
    const wasProtected = state.isProtected;
    // Found before anything changes: what becomes satisfied meanwhile is looked at again.
    const open = this.marks
      .dependenciesOf(state.package)
      // What a layer below left out of its recommendations is not brought up again.
      .filter(({ isCritical }) => isCritical || !state.isBelow)
      .filter(({ group }) => wasProtected || !this.marks.isSatisfied(group));
    const isFree = this.removeConflicts(state);
    if (!isFree && !wasProtected) return false;
    this.marks.markAutomatically(state);
    state.isProtected = true;
    const isComplete = this.markDependencies(open, wasProtected, depth);
    state.isProtected = wasProtected;
    if (isComplete || wasProtected) return isFree && isComplete;
    this.marks.setMark(state, false);
    this.marks.giveUp(state);
    return false;
  }

  /**
   * Whether each dependency could be met by something. A package of which that is not so is given up.
   */
  private canBeHad(state: State): boolean {
    if (state.isBelow) return true;
    const isPossible = this.marks
      .dependenciesOf(state.package)
      .every(
        ({ group, isCritical }) =>
          !isCritical ||
          group.some((relation) =>
            this.marks.satisfiers.of(relation).some((one) => this.marks.seemsPossible(relation, one)),
          ),
      );
    if (!isPossible && !state.isProtected) {
      state.isMarked = false;
      this.marks.giveUp(state);
    }
    return isPossible;
  }

  /** Clears the way of a package; false when something that it objects to has to stay. */
  private removeConflicts({ package: owner, isProtected }: State): boolean {
    let isFree = true;
    for (const objection of objectionsOf(owner)) {
      for (const other of this.marks.objectsOf(owner, objection)) {
        const state = this.marks.stateOf(other);
        if (!state.isCandidate) continue;
        if (!this.marks.unmark(other)) {
          if (!isProtected) return false;
          isFree = false;
        } else if (isProtected) {
          this.marks.giveUp(state);
          state.isProtected = true;
        }
      }
    }
    return isFree;
  }

  private markDependencies(open: readonly Dependency[], isProtected: boolean, depth: number): boolean {
    let isComplete = true;
    for (const { group, isCritical } of open) {
      const isMet = this.marks.isSatisfied(group)
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
    const solutions = this.solutionsOf(group);
    if (solutions.size !== 1) return true;
    const [only] = solutions;
    const state = this.marks.stateOf(only!);
    if (state.isProtected) return true;
    state.isProtected = true;
    return this.mark(only!, depth + 1);
  }

  private markOneOf(group: RelationGroup, isProtected: boolean, depth: number): boolean {
    const isOnly = this.solutionsOf(group).size === 1;
    for (const one of this.solutionsInOrder(group)) {
      const state = this.marks.stateOf(one);
      if (!state.isCandidate) continue;
      if (isProtected && isOnly) {
        if (!markAlone(this.marks, state, depth + 1)) continue;
        state.isProtected = true;
      }
      if (this.mark(one, depth + 1)) return true;
    }
    return false;
  }

  /** What could be marked for a group. */
  private solutionsOf(group: RelationGroup): ReadonlySet<DebianPackage> {
    return new Set(group.flatMap((relation) => this.solutionsFor(relation)));
  }

  private solutionsFor(relation: RelationGroup[number]): readonly DebianPackage[] {
    return this.marks.satisfiers.of(relation).filter((one) => {
      const { isCandidate, isProtected, isMarked } = this.marks.stateOf(one);
      return isCandidate && (!isProtected || isMarked);
    });
  }

  /** The same, preferred first: for each alternative what is protected now, then the rest. */
  private *solutionsInOrder(group: RelationGroup): Generator<DebianPackage> {
    // Found before any of them is tried, which changes marks.
    const alternatives = group.map((relation) => {
      const solutions = this.solutionsFor(relation);
      const settled = new Set(solutions.filter((one) => this.marks.stateOf(one).isProtected));
      return { relation, solutions, settled };
    });
    for (const { relation, solutions, settled } of alternatives) {
      yield* this.marks.satisfiers.inOrder(relation, solutions, (one) => settled.has(one));
    }
  }
}
