/** The packages chosen so far during a resolution, what they still need, and what they forbid. */
import type { Relation, RelationGroup } from "./dependencies.ts";
import type { DebianPackage } from "./package-index.ts";
import { satisfies } from "./satisfaction.ts";

/** A need that is not met yet. */
export interface Need {
  readonly group: RelationGroup;
  /** Who needs it; undefined: the person asked for it. */
  readonly owner: DebianPackage | undefined;
  /** A recommendation: nothing fails when it cannot be had. */
  readonly isOptional: boolean;
  /** Needs of a lower stage are all met before those of the next are looked at. */
  readonly stage: number;
}

/** What keeps a package from being chosen. */
export interface Objection {
  readonly candidate: DebianPackage;
  readonly chosen: DebianPackage;
  /** Whose field says so. */
  readonly owner: DebianPackage;
  readonly kind: "conflicts with" | "breaks";
  readonly relation: Relation;
}

/** A selection can be copied, to try an alternative and go back. */
export class Selection {
  private readonly chosen: Map<string, DebianPackage>;
  /** Chosen packages by their own name and by each name that they provide. */
  private readonly byName: Map<string, readonly DebianPackage[]>;
  /** Objections of chosen packages, by the name that they object to. */
  private readonly forbidden: Map<string, readonly Forbidden[]>;
  /** For whom each was chosen. */
  private readonly reasons: Map<string, DebianPackage | undefined>;
  needs: readonly Need[];

  constructor(from?: Selection) {
    this.chosen = new Map(from?.chosen);
    this.byName = new Map(from?.byName);
    this.forbidden = new Map(from?.forbidden);
    this.reasons = new Map(from?.reasons);
    this.needs = from?.needs ?? [];
  }

  get packages(): Iterable<DebianPackage> {
    return this.chosen.values();
  }

  has(name: string): boolean {
    return this.chosen.has(name);
  }

  isSatisfied(group: RelationGroup): boolean {
    return group.some((relation) => this.byName.get(relation.name)?.some((one) => satisfies(one, relation)));
  }

  /** Adds a package; what it needs is added to `needs` by the caller. */
  add(chosen: DebianPackage, reason: DebianPackage | undefined): void {
    this.chosen.set(chosen.name, chosen);
    this.reasons.set(chosen.name, reason);
    for (const name of new Set([chosen.name, ...chosen.provides.map((provided) => provided.name)])) {
      append(this.byName, name, chosen);
    }
    for (const kind of ["conflicts with", "breaks"] as const) {
      for (const relation of kind === "breaks" ? chosen.breaks : chosen.conflicts) {
        append(this.forbidden, relation.name, { owner: chosen, kind, relation });
      }
    }
  }

  /** What forbids this package beside those chosen, if anything does. */
  objectionTo(candidate: DebianPackage): Objection | undefined {
    for (const name of [candidate.name, ...candidate.provides.map((provided) => provided.name)]) {
      for (const { owner, kind, relation } of this.forbidden.get(name) ?? []) {
        if (owner.name !== candidate.name && satisfies(candidate, relation)) {
          return { candidate, chosen: owner, owner, kind, relation };
        }
      }
    }
    for (const kind of ["conflicts with", "breaks"] as const) {
      for (const relation of kind === "breaks" ? candidate.breaks : candidate.conflicts) {
        const named = this.byName.get(relation.name) ?? [];
        const chosen = named.find((one) => one.name !== candidate.name && satisfies(one, relation));
        if (chosen) return { candidate, chosen, owner: candidate, kind, relation };
      }
    }
    return undefined;
  }

  /** The package and those for which it was chosen, up to one that the person asked for. */
  chainOf(chosen: DebianPackage): readonly string[] {
    const chain = [chosen.name];
    let reason = this.reasons.get(chosen.name);
    while (reason && !chain.includes(reason.name)) {
      chain.push(reason.name);
      reason = this.reasons.get(reason.name);
    }
    return chain;
  }
}

interface Forbidden {
  readonly owner: DebianPackage;
  readonly kind: "conflicts with" | "breaks";
  readonly relation: Relation;
}

function append<T>(map: Map<string, readonly T[]>, key: string, value: T): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}
