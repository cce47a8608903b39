/**
 * Which packages a wish leads to: what `apt-get install` would choose on an empty system. Pure.
 *
 * The way is apt's (2.6), step by step, since its choice depends on the order in which it looks at things:
 *
 * 1. What is asked for is settled: essential packages first, then the wishes in their order.
 * 2. Each of them, in that order, is marked with all that it needs: `marking.ts`.
 * 3. When marks do not fit together, scores decide which give way: `problem-solver.ts`.
 * 4. What is needed by nobody any more is left out: `sweep.ts`.
 * 5. When something is still broken the wish is impossible, and the reason is told: `unsatisfiable.ts`.
 *
 * apt does not go back on a choice of alternatives, so it can fail where another choice would do. So does this:
 * what is locked is what Debian's own tool would install, and every tool that compares finds the same.
 */
import { MicrovmError } from "../../errors.ts";
import { markWishes } from "./marking.ts";
import { Marks } from "./marks.ts";
import { nearNames } from "./near-names.ts";
import { dependencyOrder } from "./order.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { solveProblems } from "./problem-solver.ts";
import { sweep } from "./sweep.ts";
import { explain, explainRefusedWish } from "./unsatisfiable.ts";

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

/**
 * The packages to install for these names, dependencies before their dependents. Errors: `package-not-found`,
 * `package-unsatisfiable`.
 */
export function resolve(
  index: PackageIndex,
  wanted: readonly string[],
  { installed = [], essential, recommends = false, label = "the package set" }: ResolveOptions,
): readonly DebianPackage[] {
  const marks = new Marks(index, { recommends, below: installed });
  const named = wanted.map((name) => packageFor(index, name, label));
  const wishes = [...new Set([...(essential ? index.essential() : []), ...named])];
  markWishes(marks, wishes);
  const isBroken = () => marks.marked().some((state) => marks.isBroken(state.package));
  if (isBroken()) solveProblems(marks, new Set(wishes));
  if (isBroken()) throw explain({ index, marks, wishes, label });
  const chosen = sweep(marks).filter((one) => !marks.stateOf(one).isBelow);
  return dependencyOrder(
    chosen,
    wishes.map(({ name }) => name),
  );
}

/**
 * The package that a name asks for. When only one package provides it, that is meant; which of several is meant
 * is for the person to say, as with apt.
 */
function packageFor(index: PackageIndex, name: string, label: string): DebianPackage {
  const real = index.get(name);
  if (real) return real;
  const providers = index.providers(name);
  if (providers.length === 1) return providers[0]!;
  if (providers.length > 1) {
    throw new MicrovmError("package-not-found", `Package "${name}" is a virtual one, provided by several`, {
      hint: `Ask for one of ${providers.map((one) => `"${one.name}"`).join(", ")}`,
    });
  }
  if (index.versions(name).length > 0) throw explainRefusedWish(index, name, label);
  const near = nearNames(name, index.names())
    .filter((one) => index.versions(one).length > 0)
    .map((one) => `"${one}"`);
  throw new MicrovmError("package-not-found", `Package "${name}" is not in ${label}`, {
    hint:
      near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Check its name, the suite and the components",
  });
}
