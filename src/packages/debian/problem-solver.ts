/**
 * Repairs marks that do not fit together: the second half of apt's resolution, which runs only when marks
 * left something broken.
 *
 * Every package has a score: how important it is by itself and how much depends on it. From the highest score
 * to the lowest each broken package is looked at. One that lacks a dependency loses its mark; a protected one
 * tries to have it marked instead. Of two that conflict the one with the lower score loses its mark. That is
 * repeated until nothing changes, at most `MAX_ROUNDS` times. apt's rules for packages that are already
 * installed do not count here: what lies in a layer below stays.
 */
import type { Relation, RelationGroup } from "./dependencies.ts";
import { MAX_DEPTH, markAlone } from "./marking.ts";
import { type Marks, objectionsOf, type State } from "./marks.ts";
import type { DebianPackage } from "./package-index.ts";

/** apt's `pkgProblemResolver::MaxCounter`. */
const MAX_ROUNDS = 20;

/** apt's `pkgProblemResolver::Scores`: by priority, and for what a package is. */
const PRIORITY_SCORES: Readonly<Record<string, number>> = {
  required: 3,
  important: 2,
  standard: 1,
  optional: -1,
  extra: -2,
};
const ESSENTIAL_SCORE = 100;
const ADDED_ESSENTIAL_SCORE = 5000;
const WISH_SCORE = 10_000;

/** Repairs marks as far as that goes. Afterwards something may still be broken. */
export function solveProblems(marks: Marks, wishes: ReadonlySet<DebianPackage>): void {
  new Solver(marks, wishes).run();
}

class Solver {
  private readonly marks: Marks;
  private readonly wishes: ReadonlySet<DebianPackage>;
  private readonly scores = new Map<DebianPackage, number>();
  /** Packages that were already tried as the cure of another. */
  private readonly tried = new Set<DebianPackage>();

  constructor(marks: Marks, wishes: ReadonlySet<DebianPackage>) {
    this.marks = marks;
    this.wishes = wishes;
  }

  run(): void {
    this.makeScores();
    const byScore = (a: State, b: State) => this.score(b.package) - this.score(a.package);
    const order = this.marks.marked().toSorted(byScore);
    let isChanged = true;
    for (let round = 0; round < MAX_ROUNDS && isChanged; round++) {
      isChanged = false;
      for (const state of order) {
        if (state.isMarked && this.marks.isBroken(state.package) && this.repair(state, round)) {
          isChanged = true;
        }
      }
      const added = this.marks.marked().filter((state) => !order.includes(state));
      order.push(...added);
    }
  }

  private score(one: DebianPackage): number {
    return this.scores.get(one) ?? 0;
  }

  private addScore(one: DebianPackage, points: number): void {
    this.scores.set(one, this.score(one) + points);
  }

  private makeScores(): void {
    const marked = this.marks.marked().map((state) => state.package);
    for (const one of marked) {
      const isVital = one.essential || one.important;
      this.addScore(one, (isVital ? ESSENTIAL_SCORE : 0) + (PRIORITY_SCORES[one.priority] ?? 0));
      for (const other of this.neededBy(one)) this.addScore(other, 1);
      for (const objection of objectionsOf(one)) {
        for (const other of this.marks.objectsOf(one, objection)) this.addScore(other, -1);
      }
    }
    this.inheritScores(marked);
    for (const one of this.wishes) this.addScore(one, WISH_SCORE);
    for (const one of marked) if (one.essential || one.important) this.addScore(one, ADDED_ESSENTIAL_SCORE);
  }

  /**
   * What many depend on is as important as they are: one level, so that nothing adds up without end. Names
   * count, not what is provided; but what a package gains so is gained too by what provides its name.
   */
  private inheritScores(marked: readonly DebianPackage[]): void {
    const own = new Map(this.scores);
    for (const one of marked) {
      const inherited = own.get(one) ?? 0;
      if (inherited <= 0) continue;
      for (const { name, qualifier } of needsOf(one)) {
        const target = qualifier === undefined ? this.marks.index.get(name) : undefined;
        if (target && this.marks.stateOf(target).isMarked) this.addScore(target, inherited);
      }
    }
    for (const one of marked) {
      const gained = this.score(one) - (own.get(one) ?? 0);
      if (gained === 0) continue;
      for (const provider of this.marks.index.providers(one.name)) {
        if (this.marks.stateOf(provider).isMarked) this.addScore(provider, gained);
      }
    }
  }

  /** What fulfils the dependencies and recommendations of a package, once for each relation. */
  private *neededBy(one: DebianPackage): Generator<DebianPackage> {
    for (const relation of needsOf(one)) {
      for (const other of this.marks.satisfiers.of(relation)) {
        if (this.marks.stateOf(other).isMarked) yield other;
      }
    }
  }

  /** Whether anything changed. */
  private repair(state: State, round: number): boolean {
    for (const { group, isCritical } of this.marks.dependenciesOf(state.package)) {
      if (!isCritical || this.marks.isSatisfied(group)) continue;
      if (!state.isProtected) return this.marks.unmark(state.package);
      if (this.cure(state, group)) return true;
    }
    return this.repairConflicts(state, round);
  }

  /** Tries to mark what a protected package lacks. */
  private cure(state: State, group: RelationGroup): boolean {
    for (const relation of group) {
      for (const target of this.targetsOf(relation)) {
        if (!this.reinstate(target)) continue;
        this.scores.set(target, Math.min(this.score(target), this.score(state.package)));
        return true;
      }
    }
    return false;
  }

  /** What satisfies a relation, in the order in which this half of apt looks at it: providers from the last on. */
  private targetsOf(relation: Relation): readonly DebianPackage[] {
    const satisfying = this.marks.satisfiers.of(relation);
    const real = satisfying.filter((one) => one.name === relation.name);
    const name = relation.qualifier === "any" ? `${relation.name}:any` : relation.name;
    const providers = this.marks.index.providers(name).filter((one) => satisfying.includes(one));
    return [...new Set([...real, ...providers.toReversed()])];
  }

  private repairConflicts(state: State, round: number): boolean {
    const owner = state.package;
    const losers: DebianPackage[] = [];
    for (const objection of objectionsOf(owner)) {
      for (const other of this.marks.objectsOf(owner, objection)) {
        const against = this.marks.stateOf(other);
        if (!against.isMarked) continue;
        if (this.score(owner) > this.score(other)) {
          if (!against.isProtected) losers.push(other);
        } else if (!state.isProtected) {
          return this.marks.unmark(owner);
        }
      }
    }
    let isChanged = false;
    for (const loser of losers) {
      const isGone = this.marks.unmark(loser);
      if ((!isGone || round > 1) && this.score(owner) > this.score(loser)) {
        this.scores.set(loser, this.score(owner));
        isChanged = true;
      }
      isChanged ||= isGone;
    }
    return isChanged;
  }

  /** Marks a package, and what it lacks, where that leaves nothing broken. Each is tried once. */
  private reinstate(one: DebianPackage, depth = 0): boolean {
    if (depth > MAX_DEPTH || this.tried.has(one) || this.wishes.has(one)) return false;
    this.tried.add(one);
    const state = this.marks.stateOf(one);
    const wasMarked = state.isMarked;
    if (!markAlone(this.marks, state)) return false;
    const isWhole = this.marks
      .dependenciesOf(one)
      .every(
        ({ group, isCritical }) =>
          !isCritical || this.marks.isSatisfied(group) || this.reinstateOneOf(group, depth),
      );
    if (!isWhole && !wasMarked) this.marks.unmark(one);
    return isWhole;
  }

  private reinstateOneOf(group: RelationGroup, depth: number): boolean {
    for (const relation of group) {
      const [target] = this.targetsOf(relation);
      if (target && !this.marks.stateOf(target).isProtected && this.reinstate(target, depth + 1)) return true;
    }
    return false;
  }
}

function needsOf(one: DebianPackage): readonly Relation[] {
  return [...one.preDepends, ...one.depends, ...one.recommends].flat();
}
