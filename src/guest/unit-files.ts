/** Where units lie: as files of their own, or as drop-ins for those that packages ship, and the links that start them. */
import { join } from "node:path";
import { lstatSync, readdirSync, readlinkSync } from "../os/files.ts";
import type { FileEntry } from "../store/files.ts";
import { findInLayer } from "./layer-paths.ts";

/** A declared unit. Plain data. */
export interface UnitFile {
  /** With its kind: `web.service`. */
  readonly name: string;
  /** The text of the whole unit; null when the unit only has links. */
  readonly text: string | null;
  /** The text of a drop-in, where it is another one. */
  readonly dropInText?: string;
  /** False masks it. */
  readonly enable: boolean;
  readonly overrideStrategy: "asDropinIfExists" | "asDropin";
  /** Paths below the directory of units that lead to it: aliases, and `multi-user.target.wants/web.service`. */
  readonly links: readonly string[];
}

/** A declared unit with what tells a person where it comes from. */
export interface TracedUnit extends UnitFile {
  /** Name of the option that declares it. */
  readonly option: string;
  /** Files of the modules that define it. */
  readonly definedIn: readonly string[];
}

/** Where declared units lie in a guest. */
export const UNIT_DIRECTORY = "etc/systemd/system";

/** Where systemd looks for units after those that are declared, systemd.unit(5). */
const PACKAGE_DIRECTORIES = [
  UNIT_DIRECTORY,
  "usr/local/lib/systemd/system",
  "usr/lib/systemd/system",
] as const;

/** Tells where a unit of packages lies in the guest; undefined when there is none. */
export type FindUnit = (name: string) => string | undefined;

/** Looks for units in layers of packages, nearest first. A masked one counts as none. */
export function unitFinder(layers: readonly string[]): FindUnit {
  const directories = PACKAGE_DIRECTORIES.map((directory) => ({
    directory,
    names: layers.map((layer) => ({ layer, names: namesIn(layer, directory) })),
  }));
  return (name) => {
    for (const { directory, names } of directories) {
      const top = names.find((each) => each.names.has(name));
      if (!top) continue;
      const path = join(directory, name);
      const stats = lstatSync(join(top.layer, path));
      if (stats.isDirectory()) continue;
      const masked = stats.isSymbolicLink() && readlinkSync(join(top.layer, path)) === "/dev/null";
      return masked ? undefined : `/${path}`;
    }
    return undefined;
  };
}

function namesIn(layer: string, directory: string): ReadonlySet<string> {
  const found = findInLayer(layer, directory);
  return new Set(found?.stats.isDirectory() ? readdirSync(found.path) : []);
}

/** The entries of declared units and their links. */
export function unitEntries(units: readonly UnitFile[], shipped: FindUnit): FileEntry[] {
  const own = new Set(units.filter(({ enable, text }) => enable && text !== null).map(({ name }) => name));
  return units.flatMap((unit) => [
    ...fileOf(unit, own, shipped),
    ...(unit.enable ? linksOf(unit, own, shipped) : []),
  ]);
}

/** Entries with those of units, which give way to files of the same path. */
export function layerEntries(
  entries: readonly FileEntry[],
  units: readonly UnitFile[],
  shipped: FindUnit,
): FileEntry[] {
  const taken = new Set(entries.map(({ path }) => path));
  return [...entries, ...unitEntries(units, shipped).filter(({ path }) => !taken.has(path))];
}

/** A unit as a recipe holds it, without what else is known of it. */
export function unitParams(unit: UnitFile) {
  const { name, text, dropInText, enable, overrideStrategy, links } = unit;
  const more = dropInText === undefined ? {} : { dropInText };
  return { name, text, ...more, enable, overrideStrategy, links: [...links] };
}

/** Path of a unit's file, relative to the guest's root: its own, or a drop-in's. */
export function unitPath(unit: UnitFile, own: ReadonlySet<string>, shipped: FindUnit): string {
  return join(UNIT_DIRECTORY, isDropIn(unit, own, shipped) ? `${unit.name}.d/overrides.conf` : unit.name);
}

function fileOf(unit: UnitFile, own: ReadonlySet<string>, shipped: FindUnit): FileEntry[] {
  if (!unit.enable) {
    return [{ path: join(UNIT_DIRECTORY, unit.name), type: "symlink", target: "/dev/null" }];
  }
  if (unit.text === null) return [];
  const path = unitPath(unit, own, shipped);
  const text = isDropIn(unit, own, shipped) ? (unit.dropInText ?? unit.text) : unit.text;
  return [{ path, type: "file", text }];
}

function linksOf(unit: UnitFile, own: ReadonlySet<string>, shipped: FindUnit): FileEntry[] {
  const target = placeOf(unit, own, shipped);
  return unit.links.map((link) => ({ path: join(UNIT_DIRECTORY, link), type: "symlink", target }));
}

/** The file that a link to the unit leads to: its own, else that of the package or the template that it extends. */
function placeOf(unit: UnitFile, own: ReadonlySet<string>, shipped: FindUnit): string {
  if (own.has(unit.name) && !isDropIn(unit, own, shipped)) return `/${UNIT_DIRECTORY}/${unit.name}`;
  const template = templateOf(unit.name);
  return (
    shipped(unit.name) ??
    (template !== undefined && own.has(template) ? `/${UNIT_DIRECTORY}/${template}` : undefined) ??
    (template === undefined ? undefined : shipped(template)) ??
    `/${UNIT_DIRECTORY}/${unit.name}`
  );
}

function isDropIn(unit: UnitFile, own: ReadonlySet<string>, shipped: FindUnit): boolean {
  if (unit.overrideStrategy === "asDropin" || shipped(unit.name) !== undefined) return true;
  const template = templateOf(unit.name);
  return template !== undefined && (own.has(template) || shipped(template) !== undefined);
}

/** The template of an instance: `web@.service` of `web@x.service`. Undefined for all other names. */
export function templateOf(name: string): string | undefined {
  const found = /^([^@]*@).+(\.[a-z]+)$/.exec(name);
  return found ? `${found[1]}${found[2]}` : undefined;
}
