/** Whether the units that declared units speak of are there. */
import type { FileEntry } from "../store/files.ts";
import { findInLayer } from "./layer-paths.ts";
import { type TracedUnit, templateOf, UNIT_DIRECTORY, unitFinder } from "./unit-files.ts";

/** Settings without whose units a unit cannot start. */
const NEEDED = new Set(["Requires", "Requisite", "BindsTo"]);

/** Settings whose units may be absent: systemd passes over them. */
const HOPED_FOR = new Set(["Wants", "Upholds", "After", "Before", "PartOf", "OnFailure", "OnSuccess"]);

/** Units that are made of devices, mounts and groups when the guest runs, or by generators. */
const MADE_LATER = /\.(?:device|mount|automount|swap|slice|scope)$/;

/** What is nowhere: what that makes impossible, and what is only worth a warning. */
export interface MissingReferences {
  readonly missing: readonly string[];
  readonly doubtful: readonly string[];
}

/** Looks for every unit that these refer to: among themselves, the guest's files, and the layers, nearest first. */
export function missingReferences(
  units: readonly TracedUnit[],
  entries: readonly FileEntry[],
  layers: readonly string[],
): MissingReferences {
  const isThere = unitKnower(units, entries, layers);
  const missing: string[] = [];
  const doubtful: string[] = [];
  for (const unit of units) {
    if (!unit.enable) continue;
    for (const { setting, name, isNeeded } of referencesOf(unit)) {
      if (isThere(name)) continue;
      const text = `${where(unit)}: "${setting}" names the unit "${name}", which is neither declared nor in the guest's packages`;
      (isNeeded ? missing : doubtful).push(text);
    }
  }
  return { missing, doubtful };
}

function where({ option, definedIn }: TracedUnit): string {
  const files = definedIn.map((file) => `"${file}"`).join(", ");
  return `"${option}"${files && ` in ${files}`}`;
}

interface Reference {
  readonly setting: string;
  readonly name: string;
  readonly isNeeded: boolean;
}

function referencesOf(unit: TracedUnit): Reference[] {
  return [...ownTarget(unit), ...linked(unit), ...started(unit), ...dependencies(unit)];
}

/** `systemd.defaultUnit` has links and no text, as a unit has that only enables a package's. */
function ownTarget({ text, name, links }: TracedUnit): Reference[] {
  return text === null && links.length > 0 ? [{ setting: "name", name, isNeeded: true }] : [];
}

/** Those that want the unit. */
function linked({ links }: TracedUnit): Reference[] {
  const options = { wants: "wantedBy", requires: "requiredBy", upholds: "upheldBy" } as const;
  return links.flatMap((link) => {
    const [, by, kind] = /^(.*)\.(wants|requires|upholds)\//.exec(link) ?? [];
    return by === undefined ? [] : [{ setting: options[kind as "wants"], name: by, isNeeded: true }];
  });
}

/** The unit that a timer, a socket or a path starts: as it says, else that of its name. */
function started({ name, text }: TracedUnit): Reference[] {
  const [, stem, kind] = /^(.*)\.(timer|socket|path)$/.exec(name) ?? [];
  if (stem === undefined || text === null) return [];
  const key = kind === "socket" ? "Service" : "Unit";
  const named = new RegExp(`^${key}=(.+)$`, "m").exec(text)?.[1];
  const accepts = kind === "socket" && /^Accept=(?:yes|true|on|1)$/m.test(text);
  const started = named ?? `${stem}${accepts ? "@" : ""}.service`;
  return started.includes("%") ? [] : [{ setting: key, name: started, isNeeded: true }];
}

/** What the text says itself; names with specifiers are known when the unit starts. */
function dependencies({ text }: TracedUnit): Reference[] {
  return [...(text ?? "").matchAll(/^([A-Za-z]+)=(.+)$/gm)].flatMap(([, setting, names]) => {
    const isNeeded = NEEDED.has(setting!);
    if (!isNeeded && !HOPED_FOR.has(setting!)) return [];
    return names!
      .split(/\s+/)
      .filter((name) => name !== "" && !name.includes("%"))
      .map((name) => ({ setting: setting!, name, isNeeded }));
  });
}

/** Tells whether there is a unit of a name. */
function unitKnower(
  units: readonly TracedUnit[],
  entries: readonly FileEntry[],
  layers: readonly string[],
): (name: string) => boolean {
  const declared = new Set([
    ...units.filter(({ text, enable }) => text !== null && enable).map(({ name }) => name),
    ...units.flatMap(({ links }) => links.filter((link) => !link.includes("/"))),
    ...entries.flatMap(({ path }) =>
      path.startsWith(`${UNIT_DIRECTORY}/`) ? [path.slice(UNIT_DIRECTORY.length + 1)] : [],
    ),
  ]);
  const shipped = unitFinder(layers);
  // System V scripts become services of their names, systemd-sysv-generator(8).
  const isScript = (name: string) =>
    name.endsWith(".service") &&
    layers.some((layer) => findInLayer(layer, `etc/init.d/${name.slice(0, -".service".length)}`));
  const isKnown = (name: string) => declared.has(name) || shipped(name) !== undefined || isScript(name);
  return (name) => {
    if (MADE_LATER.test(name) || isKnown(name)) return true;
    const template = templateOf(name);
    return template !== undefined && isKnown(template);
  };
}
