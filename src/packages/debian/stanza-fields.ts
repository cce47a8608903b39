/** What single fields of a stanza mean, and which values are none. */
import { MULTI_ARCH, PRIORITIES, VersionFlag } from "./index-tables.ts";
import { KEPT_FIELDS, type KeptField, type Stanza } from "./stanzas.ts";

/** Characters of a name, a version or a relation; no archive comes near. */
export const MAX_TERM = 1000;

const NAME = /^[A-Za-z0-9][A-Za-z0-9+.-]*$/;
const VERSION = /^[0-9A-Za-z.+:~-]+$/;
const SHA256 = /^[0-9a-fA-F]{64}$/;

/** Position of each kept field in a stanza. */
const FIELD = Object.fromEntries(KEPT_FIELDS.map((name, at) => [name, at])) as Record<KeptField, number>;

/** A field's value; empty where there is none. */
export function fieldValue(stanza: Stanza, field: KeptField): string {
  return stanza[FIELD[field]]!;
}

/** Whether a stanza is of this architecture, and has what a package needs to be named, fetched and checked. */
export function isUsable(stanza: Stanza, architecture: string): boolean {
  const own = fieldValue(stanza, "Architecture");
  return (
    (own === architecture || own === "all") &&
    isTerm(fieldValue(stanza, "Package"), NAME) &&
    isTerm(fieldValue(stanza, "Version"), VERSION) &&
    isPath(fieldValue(stanza, "Filename")) &&
    SHA256.test(fieldValue(stanza, "SHA256"))
  );
}

function isTerm(text: string, pattern: RegExp): boolean {
  return text.length <= MAX_TERM && pattern.test(text);
}

/** A path below the archive's top. */
function isPath(text: string): boolean {
  if (text === "" || text.length > 4 * MAX_TERM || text.startsWith("/")) return false;
  return !(text.includes("..") && text.split("/").includes("..")) && !/[\0-\x1f]/.test(text);
}

/** A number that a field gives; what is none, or does not fit, counts as the nearest that does. */
export function wordOf(stanza: Stanza, field: "Size" | "Installed-Size"): number {
  const text = fieldValue(stanza, field);
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  return Math.min(value, 0xffff_ffff);
}

/** The word of flags that the tables have for a version. */
export function flagsOf(stanza: Stanza): number {
  const isYes = (field: "Essential" | "Important" | "Protected") =>
    fieldValue(stanza, field).toLowerCase() === "yes";
  const priority = fieldValue(stanza, "Priority").toLowerCase();
  const known = PRIORITIES.indexOf(priority as (typeof PRIORITIES)[number]);
  return (
    (multiArchOf(stanza) << VersionFlag.multiArchShift) |
    (isYes("Essential") ? VersionFlag.essential : 0) |
    (isYes("Important") || isYes("Protected") ? VersionFlag.important : 0) |
    ((known < 0 ? PRIORITIES.indexOf("extra") : known) << VersionFlag.priorityShift)
  );
}

function multiArchOf(stanza: Stanza): number {
  const known = MULTI_ARCH.indexOf(fieldValue(stanza, "Multi-Arch") as (typeof MULTI_ARCH)[number]);
  return Math.max(known, 0);
}
