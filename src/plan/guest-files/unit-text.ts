/** The text of units: sections and settings in an order of their own, whatever the order of their definitions. */
import { createHash } from "node:crypto";
import { type UnitSections, type UnitValue, unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";

/** The text of a whole unit, and that of a drop-in where it is another one. */
export interface Texts {
  readonly text: string;
  readonly dropInText?: string;
}

type CommonUnit = GuestConfig["systemd"]["targets"][string];

/** Settings by name; null and what is empty is left out. */
export type Settings = { readonly [setting: string]: UnitValue | null };

/** Dependencies: the option, and the setting in the section [Unit]. */
const DEPENDENCIES = [
  ["requires", "Requires"],
  ["requisite", "Requisite"],
  ["bindsTo", "BindsTo"],
  ["wants", "Wants"],
  ["upholds", "Upholds"],
  ["partOf", "PartOf"],
  ["conflicts", "Conflicts"],
  ["after", "After"],
  ["before", "Before"],
  ["onSuccess", "OnSuccess"],
  ["onFailure", "OnFailure"],
] as const satisfies readonly (readonly [keyof CommonUnit, string])[];

/** A unit that has the section [Unit] only. */
export function plainUnitText(unit: CommonUnit, comment: string): Texts {
  return { text: withComment(comment, { Unit: unitSection(unit) }) };
}

/** A unit with one section of its kind. */
export function sectionText(unit: CommonUnit, comment: string, section: string, settings: Settings): Texts {
  return { text: withComment(comment, { Unit: unitSection(unit), [section]: present(settings) }) };
}

/** The text of sections below a comment. */
export function withComment(comment: string, sections: UnitSections): string {
  const text = unitText(sections);
  return text === "" ? comment : `${comment}\n${text}`;
}

/** The section [Unit]. */
export function unitSection(unit: CommonUnit): Readonly<Record<string, UnitValue>> {
  const generated: Settings = {
    Description: unit.description,
    Documentation: unit.documentation.join(" "),
    ...Object.fromEntries(DEPENDENCIES.map(([option, setting]) => [setting, unit[option].join(" ")])),
    StartLimitIntervalSec: unit.startLimitIntervalSec,
    StartLimitBurst: unit.startLimitBurst,
    "X-Restart-Triggers": checksum(unit.restartTriggers),
    "X-Reload-Triggers": checksum(unit.reloadTriggers),
  };
  return present(joined(stated(generated), sorted(unit.unitConfig)));
}

/** Both, in the order of the first. What both have is repeated; null says nothing. */
export function joined(first: Settings, second: Settings): Settings {
  const added = Object.entries(second).flatMap(([key, value]) => {
    if (value === null) return [];
    const before = first[key] ?? [];
    return [[key, Array.isArray(before) && before.length === 0 ? value : [before, value].flat()]];
  });
  return { ...first, ...Object.fromEntries(added) };
}

/** Settings in the order of their names, those of `order` first. */
export function sorted(settings: Settings, order: readonly string[] = []): Settings {
  const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
  const entries = Object.entries(settings);
  return Object.fromEntries(entries.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)));
}

/** Without what is null, and without empty lists. An empty text stays: it takes back what a package's unit says. */
export function present(settings: Settings): Record<string, UnitValue> {
  return Object.fromEntries(
    Object.entries(settings).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  ) as Record<string, UnitValue>;
}

/** What options other than a section's own come to: without what is empty. */
export function stated(settings: Settings): Record<string, UnitValue> {
  return present(Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== "")));
}

/** Stands for texts in a unit: it changes when they do. */
function checksum(texts: readonly string[]): string | null {
  if (texts.length === 0) return null;
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, 32);
}
