/** From a path such as `microvm.volumes[0].size` to what it names in an evaluation. */
import { getAttribute, isAttributes } from "./attributes.ts";
import { declaringFiles } from "./declaring-files.ts";
import type { Definition } from "./definitions.ts";
import { childOf, optionValue, resolvedOf, shownSet } from "./evaluation.ts";
import { unknownOption } from "./faults.ts";
import type { Location } from "./location.ts";
import type { OptionNode, SetNode } from "./nodes.ts";
import type { AnyType } from "./types/type.ts";

/** An option, or a part of its value such as an attribute or an entry of a list. */
export interface OptionPlace {
  readonly kind: "option";
  readonly location: Location;
  /** The option, or the one that holds the part. */
  readonly node: OptionNode;
  /** Files of the modules that declare the option. */
  readonly files: readonly string[];
  readonly isPart: boolean;
  /** Of the part, where it is known. */
  readonly type: AnyType | undefined;
  /** Of the part, where they can be told from those of the option. */
  readonly definitions: readonly Definition[];
  readonly value: () => unknown;
}

/** A set of options. */
interface SetPlace {
  readonly kind: "set";
  readonly location: Location;
  readonly node: SetNode;
  /** Files that declare the option whose value the set is in. */
  readonly within: readonly string[];
}

/** What a path names. Throws the fault of an unknown option, with a suggestion, when it names nothing. */
export function findPlace(root: SetNode, path: string): OptionPlace | SetPlace {
  let place: OptionPlace | SetPlace = {
    kind: "set",
    location: root.location,
    node: root,
    within: [],
  };
  for (const name of parsePath(path)) place = inside(place, name);
  return place;
}

/** The names in a path: those between dots, those in quotes, those in brackets. */
export function parsePath(path: string): string[] {
  const parts = path.match(/"(?:\\.|[^"\\])*"|\[\d+\]|[^.[\]"]+/g) ?? [];
  return parts.map((part) => {
    if (part.startsWith("[")) return part.slice(1, -1);
    return part.startsWith('"') ? part.slice(1, -1).replace(/\\(.)/g, "$1") : part;
  });
}

function inside(place: OptionPlace | SetPlace, name: string): OptionPlace | SetPlace {
  if (place.kind === "option") return partOf(place, name);
  const child = childOf(place.node, name);
  const location = [...place.location, name];
  if (!child) throw unknownOption(location, place.node.declared.children.keys(), []);
  if (child.kind === "set") return { ...place, location, node: child };
  return {
    kind: "option",
    location,
    node: child,
    files: declaringFiles(child.declared.files, place.within),
    isPart: false,
    type: child.declared.option.type,
    definitions: child.definitions,
    value: () => optionValue(child),
  };
}

/** An attribute or entry of an option's value; a submodule there is a set of options again. */
function partOf(place: OptionPlace, name: string): OptionPlace | SetPlace {
  const whole = place.value();
  const set = asSet(whole);
  const within = place.files;
  if (set) return inside({ kind: "set", location: place.location, node: set, within }, name);
  const isList = Array.isArray(whole);
  const location = [...place.location, isList ? Number(name) : name];
  if (typeof whole !== "object" || whole === null || !Object.hasOwn(whole, name)) {
    throw unknownOption(location, isAttributes(whole) ? Object.keys(whole) : [], []);
  }
  const value = (whole as Record<string, unknown>)[name];
  const below = asSet(value);
  if (below) return { kind: "set", location, node: below, within };
  const narrowed = isList ? undefined : definitionsOf(place, name);
  return {
    ...place,
    location,
    isPart: true,
    type: narrowed && elementOf(place.type),
    definitions: narrowed ?? place.definitions,
    value: () => value,
  };
}

function asSet(value: unknown): SetNode | undefined {
  return typeof value === "object" && value !== null ? shownSet(value) : undefined;
}

/** The definitions of one attribute: those of the whole that counted and have it. */
function definitionsOf({ node, isPart, definitions }: OptionPlace, name: string): Definition[] | undefined {
  const counted = isPart ? definitions : resolvedOf(node);
  const having = counted.filter(({ value }) => isAttributes(value) && Object.hasOwn(value, name));
  if (having.length === 0) return undefined;
  return having.map(({ file, value }) => ({ file, value: getAttribute(value as object, name) }));
}

/** The type of the attributes of a set, through the types that only add null or a restriction. */
function elementOf(type: AnyType | undefined): AnyType | undefined {
  if (type?.name === "nullOr" || type?.name === "uniq") return elementOf(type.element);
  return type?.name === "attrsOf" || type?.name === "lazyAttrsOf" ? type.element : undefined;
}
