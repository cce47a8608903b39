/** A runner that is planned and not built: whether a running guest can become what it would boot, as far as that is known. */
import type { ConfigLayer } from "../guest/config-layer.ts";
import { UNIT_DIRECTORY } from "../guest/unit-files.ts";
import type { FileEntry } from "../store/files.ts";
import { type RebootReason, type RunnerFacts, rebootReasons } from "./compare-runners.ts";
import { type LayerEntry, type LayerTree, readLayer } from "./layer-tree.ts";
import { pathReasons } from "./plan-change.ts";
import type { StoredRunner } from "./read-runner.ts";

/**
 * Options that ask for a reboot. What only the built configuration layer tells is not looked at: which ids accounts have,
 * and what packages have in the place of files that are gone.
 */
export function plannedReasons(
  booted: StoredRunner,
  next: RunnerFacts,
  layer: Pick<ConfigLayer, "entries" | "units">,
): readonly RebootReason[] {
  const reasons = rebootReasons(booted, next);
  return reasons.length > 0 ? reasons : layerReasons(readLayer(booted.layerPaths[0]!), layer);
}

/** The reasons that a layer's declaration gives, beside what a guest has. */
export function layerReasons(
  former: LayerTree,
  { entries, units }: Pick<ConfigLayer, "entries" | "units">,
): readonly RebootReason[] {
  const wished = [
    ...units.flatMap(({ name, text, dropInText, enable }): FileEntry[] => {
      const own = `${UNIT_DIRECTORY}/${name}`;
      const dropIn = `${own}.d/overrides.conf`;
      if (!enable) return [{ path: own, type: "symlink", target: "/dev/null" }];
      if (text === null) return [];
      return former.has(dropIn)
        ? [{ path: dropIn, type: "file", text: dropInText ?? text }]
        : [{ path: own, type: "file", text }];
    }),
    ...entries,
  ];
  const paths = new Set([
    ...wished.map(({ path }) => path),
    ...units.flatMap(({ links }) => links.map((path) => `${UNIT_DIRECTORY}/${path}`)),
  ]);
  const changed = wished.filter((entry) => !isSame(former.get(entry.path), entry)).map(({ path }) => path);
  const gone = [...former]
    .filter(([path, { type }]) => type !== "directory" && !paths.has(path))
    .map(([path]) => path);
  const reasons = pathReasons([...changed, ...gone].map((path) => ({ path, former: former.get(path) })));
  return [...new Map(reasons.map((one) => [one.option, one])).values()];
}

function isSame(entry: LayerEntry | undefined, wished: FileEntry): boolean {
  if (entry?.type !== wished.type) return false;
  if (entry.type === "symlink") return entry.target === (wished as { readonly target: string }).target;
  if (entry.type === "directory") return true;
  return entry.content.toString() === (wished as { readonly text: string }).text;
}
