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

const NAME = /[A-Za-z0-9][A-Za-z0-9+.-]*/y;

const QUALIFIER = /:([a-z0-9-]+)/y;

/** Longer ones first, so that `<` is not taken for the whole of `<<`. */
const OPERATORS = ["<<", "<=", ">=", ">>", "=", "<", ">"] as const;

/** The deprecated one-character operators mean "or equal", deb-control(5). */
const OLD_OPERATORS: Readonly<Record<string, VersionOperator>> = { "<": "<=", ">": ">=" };

/**
 * Groups of alternatives of one field. What is restricted to other architectures is left out. A part that is
 * no relation is left out as well: an archive's own tools refuse such a field, so it means an unknown syntax.
 * Time is linear in the field's length, whatever stands in it.
 */
export function parseRelations(field: string | undefined, architecture: string): readonly RelationGroup[] {
  if (!field) return [];
  const groups: RelationGroup[] = [];
  for (const part of field.split(",")) {
    const group = part
      .split("|")
      .map((text) => parseRelation(text, architecture))
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

/**
 * One relation: name, `:qualifier`, `(operator version)`, `[architectures]`, `<build profiles>`; undefined when
 * the text is none, or is one for other architectures.
 */
export function parseRelation(text: string, architecture: string): Relation | undefined {
  const trimmed = text.trim();
  const name = matchAt(NAME, trimmed, 0)?.[0];
  if (name === undefined) return undefined;
  const qualifier = matchAt(QUALIFIER, trimmed, name.length);
  let rest = trimmed.slice(name.length + (qualifier?.[0].length ?? 0)).trimStart();
  const version = bracketed(rest, "(", ")");
  if (version) rest = version.rest;
  const architectures = bracketed(rest, "[", "]");
  if (architectures) rest = architectures.rest;
  for (let at = rest; at !== ""; at = rest) {
    const profile = bracketed(at, "<", ">");
    if (!profile) return undefined;
    rest = profile.rest;
  }
  if (architectures && !appliesTo(architectures.inner, architecture)) return undefined;
  const constraint = version && parseConstraint(version.inner.trim());
  if (version && !constraint) return undefined;
  return { name, ...(qualifier && { qualifier: qualifier[1]! }), ...(constraint && { version: constraint }) };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** What stands between brackets at the start of a text, and what follows; undefined: there are none. */
function bracketed(text: string, open: string, close: string): { inner: string; rest: string } | undefined {
  const end = text.startsWith(open) ? text.indexOf(close) : -1;
  return end < 0 ? undefined : { inner: text.slice(1, end), rest: text.slice(end + 1).trimStart() };
}

function parseConstraint(text: string): Relation["version"] {
  const operator = OPERATORS.find((one) => text.startsWith(one));
  if (operator === undefined) return undefined;
  const bound = text.slice(operator.length).trimStart();
  if (bound === "" || /\s/.test(bound)) return undefined;
  return { operator: OLD_OPERATORS[operator] ?? (operator as VersionOperator), bound };
}

/** A list of architectures is all positive or all negated (`!amd64 !i386`). */
function appliesTo(list: string, architecture: string): boolean {
  const names = list.trim().split(/\s+/);
  const negated = names[0]?.startsWith("!") ?? false;
  const matches = (name: string) =>
    name === architecture || name === "any" || name === "linux-any" || name === `any-${architecture}`;
  return negated ? !names.some((name) => matches(name.slice(1))) : names.some(matches);
}
