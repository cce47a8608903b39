/** The order in which packages are installed. */
import type { DebianPackage } from "./package-index.ts";
import { satisfies } from "./satisfaction.ts";

/**
 * Dependencies before dependents, as far as cycles allow; otherwise as reached from `roots` in their order,
 * then by name. The same packages and roots give the same order.
 */
export function dependencyOrder(
  packages: readonly DebianPackage[],
  roots: readonly string[],
): readonly DebianPackage[] {
  const byName = new Map<string, DebianPackage[]>();
  for (const one of packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const name of new Set([one.name, ...one.provides.map((provided) => provided.name)])) {
      const named = byName.get(name);
      if (named) named.push(one);
      else byName.set(name, [one]);
    }
  }
  const needsOf = (one: DebianPackage) =>
    [...one.preDepends, ...one.depends]
      .flat()
      .flatMap((relation) => (byName.get(relation.name) ?? []).filter((other) => satisfies(other, relation)))
      .values();
  const ordered = new Set<DebianPackage>();
  const started = new Set<DebianPackage>();
  const visit = (first: DebianPackage) => {
    // A stack of its own: chains of dependencies can be longer than calls can be nested.
    const open = started.has(first) ? [] : [{ one: first, needs: needsOf(first) }];
    started.add(first);
    for (let last = open.at(-1); last; last = open.at(-1)) {
      const next = last.needs.next().value;
      if (next === undefined) {
        ordered.add(last.one);
        open.pop();
      } else if (!started.has(next)) {
        started.add(next);
        open.push({ one: next, needs: needsOf(next) });
      }
    }
  };
  for (const name of roots) byName.get(name)?.forEach(visit);
  for (const one of packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))) visit(one);
  return [...ordered];
}
