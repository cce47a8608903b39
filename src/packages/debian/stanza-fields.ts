/** What single fields of a stanza mean, and which values are none. */
import { fieldOf, type Stanza } from "./stanzas.ts";

/** Characters of a name, a version or a relation; no archive comes near. */
export const MAX_TERM = 1000;

/** Values of `Priority` in Debian policy's order; a version without one comes before all, as apt has it. */
export const PRIORITIES = ["", "required", "important", "standard", "optional", "extra"] as const;

/** Values of `Multi-Arch`. */
const MULTI_ARCH = ["no", "same", "foreign", "allowed"] as const;

const NAME = /^[A-Za-z0-9][A-Za-z0-9+.-]*$/;
const VERSION = /^[0-9A-Za-z.+:~-]+$/;
const SHA256 = /^[0-9a-fA-F]{64}$/;

/** Whether a stanza is of this architecture, and has what a package needs to be named, fetched and checked. */
export function isUsable(stanza: Stanza, architecture: string): boolean {
  const own = fieldOf(stanza, "Architecture");
  return (
    (own === architecture || own === "all") &&
    isTerm(fieldOf(stanza, "Package"), NAME) &&
    isTerm(fieldOf(stanza, "Version"), VERSION) &&
    isPath(fieldOf(stanza, "Filename")) &&
    SHA256.test(fieldOf(stanza, "SHA256"))
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
  const text = fieldOf(stanza, field);
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  return Math.min(value, 0xffff_ffff);
}

/** Whether a field says yes. */
export function isYes(stanza: Stanza, field: "Essential" | "Important" | "Protected"): boolean {
  return fieldOf(stanza, field).toLowerCase() === "yes";
}

/** One of `PRIORITIES`. */
export function priorityOf(stanza: Stanza): (typeof PRIORITIES)[number] {
  const priority = fieldOf(stanza, "Priority").toLowerCase();
  return PRIORITIES.find((known) => known === priority) ?? "extra";
}

/** One of `MULTI_ARCH`. */
export function multiArchOf(stanza: Stanza): (typeof MULTI_ARCH)[number] {
  const value = fieldOf(stanza, "Multi-Arch");
  return MULTI_ARCH.find((known) => known === value) ?? "no";
}

/** Whether a text is a package's name. */
export function isName(text: string): boolean {
  return isTerm(text, NAME);
}
