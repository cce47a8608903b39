/** Which packages satisfy a relation. */
import type { Relation, RelationGroup } from "./dependencies.ts";
import type { DebianPackage, PackageIndex } from "./package-index.ts";
import { versionSatisfies } from "./version.ts";

/** Priorities of the archive, the most needed first: Debian policy 2.5. */
const PRIORITIES = ["required", "important", "standard", "optional", "extra"];

/** Whether this package itself, or something that it provides, is what the relation asks for. */
export function satisfies(candidate: DebianPackage, relation: Relation): boolean {
  if (isForeign(candidate, relation)) return false;
  if (candidate.name === relation.name && inRange(candidate.version, relation)) return true;
  return candidate.provides.some(
    (provided) =>
      provided.name === relation.name &&
      // What is provided without a version satisfies no versioned relation: Debian policy 7.5.
      (relation.version === undefined ||
        (provided.version !== undefined && inRange(provided.version.bound, relation))),
  );
}

/**
 * Everything in the index that satisfies one of the alternatives, preferred first: alternatives in their
 * order, for each the real package, then its providers as apt orders them (essential, priority, archive order).
 */
export function candidatesOf(index: PackageIndex, group: RelationGroup): readonly DebianPackage[] {
  const found = new Set<DebianPackage>();
  for (const relation of group) {
    const real = index.get(relation.name);
    if (real && satisfies(real, relation)) found.add(real);
    const providers = index.providers(relation.name).filter((provider) => satisfies(provider, relation));
    for (const provider of providers.toSorted((a, b) => rank(a) - rank(b))) found.add(provider);
  }
  return [...found];
}

function rank(provider: DebianPackage): number {
  const priority = PRIORITIES.indexOf(provider.priority);
  return (provider.essential ? 0 : PRIORITIES.length + 1) + (priority < 0 ? PRIORITIES.length : priority);
}

function inRange(version: string, relation: Relation): boolean {
  return (
    relation.version === undefined ||
    versionSatisfies(version, relation.version.operator, relation.version.bound)
  );
}

/** `name:arm64` asks for a package of that architecture; `:any` and `:native` are this one's. */
function isForeign(candidate: DebianPackage, { qualifier }: Relation): boolean {
  if (qualifier === undefined || qualifier === "any" || qualifier === "native") return false;
  return qualifier !== candidate.architecture && candidate.architecture !== "all";
}
