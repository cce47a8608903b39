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
  const ordered = new Set<DebianPackage>();
  const visiting = new Set<DebianPackage>();
  const visit = (one: DebianPackage) => {
    if (ordered.has(one) || visiting.has(one)) return;
    visiting.add(one);
    for (const relation of [...one.preDepends, ...one.depends].flat()) {
      for (const other of byName.get(relation.name) ?? []) if (satisfies(other, relation)) visit(other);
    }
    visiting.delete(one);
    ordered.add(one);
  };
  for (const name of roots) byName.get(name)?.forEach(visit);
  for (const one of packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))) visit(one);
  return [...ordered];
}
