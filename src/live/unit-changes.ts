/** What changed files of units come to, in NixOS's words (`restartIfChanged` and its like). Pure. */
import type { LayerEntry, LayerTree, PathChange } from "./layer-tree.ts";
import { LEFT_ALONE } from "./path-rules.ts";

/** What happens to units, by name; a template stands for all its instances that run. */
export interface UnitChanges {
  /** Are gone, or masked. */
  readonly stop: readonly string[];
  /** Are stopped with the former unit and started with the new one, if they run. */
  readonly replace: readonly string[];
  /** Are restarted in one step, if they run. */
  readonly restart: readonly string[];
  readonly reload: readonly string[];
  /** Are new, or something new wants them: started when what wants them runs. */
  readonly consider: readonly string[];
  /** Lost something that wants them: stopped when nothing else does. */
  readonly unwanted: readonly string[];
  /** Changed, and stay as they are until they start anew. */
  readonly later: readonly string[];
  /** Those of `replace` that start by themselves although a socket could start them. */
  readonly itself: readonly string[];
}

const UNITS = "etc/systemd/system/";
const SCRIPTS = /^usr\/local\/lib\/microvm\/([^/]+)\/[^/]+$/;
const UNIT = /^etc\/systemd\/system\/([^/]+\.(?:service|socket|timer|path|target|slice))$/;
const DROP_IN = /^etc\/systemd\/system\/([^/]+\.(?:service|socket|timer|path|target|slice))\.d\/[^/]+\.conf$/;
const WANT = /^etc\/systemd\/system\/[^/]+\.(?:wants|requires|upholds)\/([^/]+)$/;

/** What is done with the units that these changes speak of. `next` is the new layer, for what its units say. */
export function unitChanges(changes: readonly PathChange[], next: LayerTree): UnitChanges {
  const lists = {
    stop: [],
    replace: [],
    restart: [],
    reload: [],
    consider: [],
    unwanted: [],
    later: [],
    itself: [],
  } as {
    -readonly [list in keyof UnitChanges]: string[];
  };
  for (const [unit, own] of Map.groupBy(changes.filter(isOfUnit), ({ path }) => unitOf(path)!)) {
    const list = LEFT_ALONE.test(unit) ? "later" : verdict(unit, own, next);
    if (list === undefined) continue;
    lists[list].push(unit);
    if (settingsOf(unit, next).get("X-NotSocketActivated") === "true") lists.itself.push(unit);
    // A socket cannot be bound anew while its service has it.
    if (list === "replace" && unit.endsWith(".socket"))
      lists.replace.push(unit.replace(/socket$/, "service"));
  }
  for (const change of changes) {
    const unit = WANT.exec(change.path)?.[1];
    if (unit === undefined || LEFT_ALONE.test(unit) || lists.stop.includes(unit)) continue;
    if (isThere(change.next)) lists.consider.push(unit);
    else if (isThere(change.former)) lists.unwanted.push(unit);
  }
  return Object.fromEntries(
    Object.entries(lists).map(([list, units]) => [list, [...new Set(units)].sort()]),
  ) as unknown as UnitChanges;
}

function unitOf(path: string): string | undefined {
  const script = SCRIPTS.exec(path)?.[1];
  return script === undefined ? (UNIT.exec(path) ?? DROP_IN.exec(path))?.[1] : `${script}.service`;
}

function isOfUnit({ path, former, next }: PathChange): boolean {
  return unitOf(path) !== undefined && [former, next].some((entry) => entry && entry.type !== "directory");
}

function verdict(
  unit: string,
  changes: readonly PathChange[],
  next: LayerTree,
): keyof UnitChanges | undefined {
  const file = changes.find(({ path }) => path === `${UNITS}${unit}`);
  if (file && isAlias(file)) return undefined;
  if (file && !isThere(file.next)) return "stop";
  if (file && !isThere(file.former)) return "consider";
  if (/\.(target|slice)$/.test(unit)) return undefined;
  const words = settingsOf(unit, next);
  const isOff = (setting: string) => words.get(setting) === "false";
  if (isOff("X-RestartIfChanged")) return "later";
  if (words.get("X-ReloadIfChanged") === "true" || changes.every(isOnlyReload)) return "reload";
  return isOff("X-StopIfChanged") ? "restart" : "replace";
}

/** Nothing, and a mask, are no unit. */
function isThere(entry: LayerEntry | undefined): boolean {
  return entry !== undefined && !(entry.type === "symlink" && entry.target === "/dev/null");
}

/** Another name of a unit. */
function isAlias({ former, next }: PathChange): boolean {
  const isLink = (entry: LayerEntry | undefined) => entry?.type === "symlink" && isThere(entry);
  return (
    [former, next].every((entry) => !isThere(entry) || isLink(entry)) && (isLink(former) || isLink(next))
  );
}

/** Whether only `reloadTriggers` are others. */
function isOnlyReload({ former, next }: PathChange): boolean {
  if (former?.type !== "file" || next?.type !== "file") return false;
  const text = ({ content }: typeof former) => content.toString().replace(/^X-Reload-Triggers=.*\n/m, "");
  return text(former) === text(next);
}

/** Settings that begin with `X-`, of a unit and its drop-ins. */
function settingsOf(unit: string, layer: LayerTree): ReadonlyMap<string, string> {
  const texts = [...layer]
    .filter(([path]) => path === `${UNITS}${unit}` || DROP_IN.exec(path)?.[1] === unit)
    .map(([, entry]) => (entry.type === "file" ? entry.content.toString() : ""));
  const lines = texts.join("\n").matchAll(/^(X-[^=]+)=(.*)$/gm);
  return new Map([...lines].map(([, key, value]) => [key!, value!]));
}
