/** What is marked for installation during a resolution, and what follows from that for others. */
import type { Relation, RelationGroup } from "./dependencies.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { Satisfiers } from "./satisfaction.ts";

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

/** What marks are of. */
export interface MarksOptions {
  /** Mark recommended packages too. */
  readonly recommends: boolean;
  /** Names of packages in the layers below. */
  readonly below: readonly string[];
}

/** The marks of one resolution. */
export class Marks {
  readonly index: PackageIndex;
  readonly satisfiers: Satisfiers;
  private readonly states = new Map<DebianPackage, State>();
  private readonly recommends: boolean;
  private readonly below: ReadonlySet<string>;
  private readonly dependencies = new Map<DebianPackage, readonly Dependency[]>();
  /** By name: what was given up since a mark of that name last changed. See `seemsPossible`. */
  private readonly unnoticed = new Map<string, Set<DebianPackage>>();

  constructor(index: PackageIndex, { recommends, below }: MarksOptions) {
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
    return group.some((relation) => this.satisfiers.of(relation).some((one) => this.stateOf(one).isMarked));
  }

  /** What an objection of this package is against, itself never counted: what is marked comes first, in apt's order. */
  *objectsOf(owner: DebianPackage, { relation }: Objection): Generator<DebianPackage> {
    const others = this.satisfiers.of(relation).filter((one) => one.name !== owner.name);
    const isMarked = (one: DebianPackage) => this.stateOf(one).isMarked;
    const marked = others.filter(isMarked);
    yield* this.satisfiers.inOrder(relation, marked);
    for (const one of others) if (!marked.includes(one)) yield one;
  }

  /** Whether a marked package lacks something, or stands beside something marked that it objects to. */
  isBroken(one: DebianPackage): boolean {
    return (
      this.dependenciesOf(one).some(({ group, isCritical }) => isCritical && !this.isSatisfied(group)) ||
      objectionsOf(one).some((objection) =>
        this.satisfiers
          .of(objection.relation)
          .some((other) => other.name !== one.name && this.stateOf(other).isMarked),
      )
    );
  }

  /** Marks what the person asks for, before its dependencies are dealt with. */
  request(one: DebianPackage): void {
    const state = this.stateOf(one);
    state.isProtected = true;
    this.setMark(state, true);
  }

  /** Takes the mark from a package; false when it is protected or below. */
  unmark(one: DebianPackage): boolean {
    const state = this.stateOf(one);
    if (!state.isMarked) return true;
    if (state.isProtected || state.isBelow) return false;
    this.setMark(state, false);
    return true;
  }

  /** From now on it cannot be chosen. */
  giveUp(state: State): void {
    state.isCandidate = false;
    for (const name of namesOf(state.package)) {
      const others = this.unnoticed.get(name);
      if (others) others.add(state.package);
      else this.unnoticed.set(name, new Set([state.package]));
    }
  }

  /** Sets or takes a mark, whatever stands against it. */
  setMark(state: State, isMarked: boolean): void {
    state.isMarked = isMarked;
    const names = state.isCandidate ? namesOf(state.package) : [state.package.name];
    for (const name of names) this.unnoticed.delete(name);
  }

  /** Marks a package that nobody asked for, and nothing that it needs. */
  markAutomatically(state: State): void {
    if (state.isMarked) return;
    state.isAutomatic = true;
    this.setMark(state, true);
  }

  /**
   * Whether a relation could be met by this package. apt knows that of each relation from the last time that a
   * mark of its target's name changed. So what was given up since still counts as possible.
   */
  seemsPossible({ name }: Relation, one: DebianPackage): boolean {
    const { isMarked, isCandidate } = this.stateOf(one);
    return isMarked || isCandidate || (this.unnoticed.get(name)?.has(one) ?? false);
  }

  /** Whether a marked package lacks a dependency or a recommendation, or has a conflict. */
  lacks(one: DebianPackage): boolean {
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
