/** Relations between packages: `Depends`, `Conflicts`, `Provides` and their like, deb-control(5). */
import type { VersionOperator } from "./version.ts";

/** One package name with what is asked of it. */
export interface Relation {
  readonly name: string;
  /** After the colon: `any`, `native` or an architecture. */
  readonly qualifier?: string;
  readonly version?: { readonly operator: VersionOperator; readonly bound: string };
}

/** Alternatives, the preferred one first. */
export type RelationGroup = readonly Relation[];

/** Name, `:qualifier`, `(operator version)`, `[architectures]`, `<build profiles>`. */
const RELATION =
  /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s)]+)\s*\))?\s*(?:\[([^\]]*)\])?\s*(?:<[^>]*>\s*)*$/;

/** The deprecated one-character operators mean "or equal", deb-control(5). */
const OLD_OPERATORS: Readonly<Record<string, VersionOperator>> = { "<": "<=", ">": ">=" };

/**
 * Groups of alternatives of one field. What is restricted to other architectures is left out. A part that is
 * no relation is left out as well: an archive's own tools refuse such a field, so it means an unknown syntax.
 */
export function parseRelations(field: string | undefined, architecture: string): readonly RelationGroup[] {
  if (!field) return [];
  const groups: RelationGroup[] = [];
  for (const part of field.split(",")) {
    const group = part
      .split("|")
      .map((text) => parseRelation(text.trim(), architecture))
      .filter((relation) => relation !== undefined);
    if (group.length > 0) groups.push(group);
  }
  return groups;
}

/** A relation as a person writes it. */
export function formatRelation(relation: Relation): string {
  const name = relation.qualifier === undefined ? relation.name : `${relation.name}:${relation.qualifier}`;
  return relation.version ? `${name} (${relation.version.operator} ${relation.version.bound})` : name;
}

/** A group of alternatives as a person writes it. */
export function formatGroup(group: RelationGroup): string {
  return group.map(formatRelation).join(" | ");
}

function parseRelation(text: string, architecture: string): Relation | undefined {
  const match = RELATION.exec(text);
  if (!match) return undefined;
  const [, name, qualifier, operator, bound, architectures] = match;
  if (architectures !== undefined && !appliesTo(architectures, architecture)) return undefined;
  return {
    name: name!,
    ...(qualifier !== undefined && { qualifier }),
    ...(operator !== undefined && {
      version: { operator: OLD_OPERATORS[operator] ?? (operator as VersionOperator), bound: bound! },
    }),
  };
}

/** A list of architectures is all positive or all negated (`!amd64 !i386`). */
function appliesTo(list: string, architecture: string): boolean {
  const names = list.trim().split(/\s+/);
  const negated = names[0]?.startsWith("!") ?? false;
  const matches = (name: string) =>
    name === architecture || name === "any" || name === "linux-any" || name === `any-${architecture}`;
  return negated ? !names.some((name) => matches(name.slice(1))) : names.some(matches);
}
