/**
 * Which packages a wish leads to: what apt would install on an empty system. Pure.
 *
 * First comes what was asked for, then all that the first of these leads to, then the second, as apt does it.
 * Among these, needs that leave no choice are met first, until none is left; then the first choice is made,
 * its preferred candidate first, and so on. When that ends in a conflict, the latest choice is made
 * differently. The error of the preferred way is the one that is reported.
 */
import { MicrovmError } from "../../errors.ts";
import type { RelationGroup } from "./dependencies.ts";
import { nearNames } from "./near-names.ts";
import { dependencyOrder } from "./order.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { candidatesOf } from "./satisfaction.ts";
import { type Need, Selection } from "./selection.ts";
import { explain, type Failure } from "./unsatisfiable.ts";

/** The stage of what the person asked for; what the first of these needs is stage 1, and so on. */
const WISHES = 0;

/** Recommendations come last. */
const OPTIONAL_STAGE = Number.MAX_SAFE_INTEGER;

/** What is asked of a resolution beside the names. */
export interface ResolveOptions {
  /** Packages that are there already, in a layer below: they count, and are not part of the result. */
  readonly installed?: readonly string[];
  /** Include the packages with `Essential: yes`. */
  readonly essential: boolean;
  /** Include recommended packages, where they can be had. Default false. */
  readonly recommends?: boolean;
  /** What errors call the package set. Default "the package set". */
  readonly label?: string;
}

/** Attempts after which a resolution that keeps failing is given up: real ones need a handful. */
const MAX_ATTEMPTS = 2_000;

/**
 * The packages to install for these names, dependencies before their dependents. Errors: `package-not-found`,
 * `package-unsatisfiable`.
 */
export function resolve(
  index: PackageIndex,
  wanted: readonly string[],
  options: ResolveOptions,
): readonly DebianPackage[] {
  const start = new Selection();
  for (const name of options.installed ?? []) {
    const installed = index.get(name);
    if (installed) start.add(installed, undefined);
  }
  const essential = options.essential ? index.essential().map((one) => one.name) : [];
  start.needs = [...essential, ...wanted].map((name) => ({
    group: wish(index, name, options.label),
    owner: undefined,
    isOptional: false,
    stage: WISHES,
  }));
  const installed = new Set(options.installed);
  const solved = solve(start, {
    index,
    recommends: options.recommends ?? false,
    attempts: 0,
    nextStage: WISHES + 1,
  });
  if (!(solved instanceof Selection)) throw explain(solved, index, options.label ?? "the package set");
  const chosen = [...solved.packages].filter((one) => !installed.has(one.name));
  return dependencyOrder(chosen, [...essential, ...wanted]);
}

/**
 * A wanted name as a need; a name that nothing has or provides is an error with near names. Which provider of
 * a virtual name is meant is for the person to say, as with apt.
 */
function wish(index: PackageIndex, name: string, label = "the package set"): RelationGroup {
  const group = [{ name }];
  const candidates = candidatesOf(index, group);
  if (index.get(name) || candidates.length === 1) return group;
  if (candidates.length > 1) {
    throw new MicrovmError("package-not-found", `Package "${name}" is a virtual one, provided by several`, {
      hint: `Ask for one of ${candidates.map((one) => `"${one.name}"`).join(", ")}`,
    });
  }
  const near = nearNames(name, index.names()).map((one) => `"${one}"`);
  throw new MicrovmError("package-not-found", `Package "${name}" is not in ${label}`, {
    hint:
      near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Check its name, the suite and the components",
  });
}

interface Resolution {
  readonly index: PackageIndex;
  readonly recommends: boolean;
  attempts: number;
  nextStage: number;
}

/** The first complete selection in order of preference, or why the preferred one failed. */
function solve(selection: Selection, resolution: Resolution): Selection | Failure {
  for (let need = meetForced(selection, resolution); need; need = meetForced(selection, resolution)) {
    let firstFailure: Failure | undefined;
    for (const candidate of viable(selection, need, resolution.index)) {
      if (resolution.attempts++ > MAX_ATTEMPTS) break;
      const attempt = new Selection(selection);
      choose(attempt, candidate, need, resolution);
      const solved = solve(attempt, resolution);
      if (solved instanceof Selection) return solved;
      firstFailure ??= solved;
    }
    if (!need.isOptional) return firstFailure ?? { need, selection };
    selection.needs = selection.needs.filter((other) => other !== need);
  }
  return selection;
}

/**
 * Meets every need of the lowest stage that leaves no choice, and those that follow, and so on for the next
 * stages. The result is the first choice to make, or a need that cannot be met; undefined: nothing is left.
 */
function meetForced(selection: Selection, resolution: Resolution): Need | undefined {
  for (;;) {
    selection.needs = selection.needs.filter((need) => !selection.isSatisfied(need.group));
    const stage = Math.min(...selection.needs.map((need) => need.stage));
    const open = selection.needs.filter((need) => need.stage === stage);
    let isChanged = false;
    for (const need of open) {
      if (selection.isSatisfied(need.group)) continue;
      const candidates = viable(selection, need, resolution.index);
      if (need.isOptional || candidates.length > 1) continue;
      if (candidates.length === 0) return need;
      choose(selection, candidates[0]!, need, resolution);
      isChanged = true;
    }
    if (!isChanged) return open.find((need) => isPlain(need, resolution.index)) ?? open[0];
  }
}

function viable(selection: Selection, need: Need, index: PackageIndex): readonly DebianPackage[] {
  return candidatesOf(index, need.group).filter(
    (candidate) => !selection.has(candidate.name) && !selection.objectionTo(candidate),
  );
}

/** A single name of which there is a real package is hardly a choice, so it comes before other choices. */
function isPlain(need: Need, index: PackageIndex): boolean {
  return need.group.length === 1 && index.get(need.group[0]!.name) !== undefined;
}

function choose(selection: Selection, chosen: DebianPackage, need: Need, resolution: Resolution): void {
  const stage = need.stage === WISHES ? resolution.nextStage++ : need.stage;
  selection.add(chosen, need.owner);
  const toNeed = (isOptional: boolean) => (group: RelationGroup) => ({
    group,
    owner: chosen,
    isOptional,
    stage: isOptional ? OPTIONAL_STAGE : stage,
  });
  selection.needs = [
    ...selection.needs,
    ...chosen.preDepends.map(toNeed(false)),
    ...chosen.depends.map(toNeed(false)),
    ...(resolution.recommends ? chosen.recommends.map(toNeed(true)) : []),
  ];
}
