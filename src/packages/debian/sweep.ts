/** What was marked on the way to something that was given up, and is needed by nobody. */
import type { Marks, State } from "./marks.ts";
import type { DebianPackage } from "./package-index.ts";

/**
 * The marked packages that are there for a reason: those asked for, essential ones, protected ones, and all that
 * these depend on, recommend or suggest. As apt has it, each marked alternative counts, and what is only
 * recommended or suggested is kept when it is there.
 */
export function sweep(marks: Marks): readonly DebianPackage[] {
  const marked = marks.marked();
  const kept = new Set<DebianPackage>();
  const open = marked.filter(isRoot).map((state) => state.package);
  for (let one = open.pop(); one; one = open.pop()) {
    if (kept.has(one)) continue;
    kept.add(one);
    for (const relation of [...one.preDepends, ...one.depends, ...one.recommends, ...one.suggests].flat()) {
      for (const other of marks.satisfiers.of(relation)) {
        if (marks.stateOf(other).isMarked) open.push(other);
      }
    }
  }
  return marked.map((state) => state.package).filter((one) => kept.has(one));
}

function isRoot({ isAutomatic, isProtected, package: one }: State): boolean {
  return !isAutomatic || isProtected || one.essential || one.important;
}
