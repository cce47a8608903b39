/** Which modules an initrd loads, and in which order. Pure. */
import { MicrovmError } from "../errors.ts";

/** The texts of depmod's lists (modules.dep(5)) and of the kernel's own `modules.builtin`. */
export interface ModuleLists {
  readonly dep: string;
  readonly builtin: string;
  readonly softdep: string;
  readonly alias: string;
}

/**
 * The files of these modules in an order in which each finds what it needs: what `modules.dep` says it calls, and what
 * `modules.softdep` says it asks for when it starts. Modules that are built in are left out; a wanted one that the
 * kernel does not know is an error, a welcome one is left out.
 */
export function moduleOrder(
  lists: ModuleLists,
  wanted: readonly string[],
  welcome: readonly string[] = [],
): string[] {
  const { files, needs } = parseDependencies(lists.dep);
  const builtin = new Set(lists.builtin.split("\n").filter(Boolean).map(moduleName));
  const asksFor = softDependencies(lists, files);
  const order = new Set<string>();
  const visited = new Set<string>();
  const add = (file: string) => {
    if (visited.has(file)) return;
    visited.add(file);
    for (const needed of [...asksFor(moduleName(file)), ...(needs.get(file) ?? [])]) add(needed);
    order.add(file);
  };
  for (const name of wanted.map(moduleName)) {
    const file = files.get(name);
    if (file !== undefined) add(file);
    else if (!builtin.has(name)) {
      throw new MicrovmError("package-not-found", `The kernel has no module "${name}"`, {
        hint: 'Choose another kernel with "boot.kernelPackage", or leave the module out',
      });
    }
  }
  for (const name of welcome.map(moduleName)) {
    const file = files.get(name);
    if (file !== undefined) add(file);
  }
  return [...order];
}

/** Files by module, and what each file needs, the furthest first. */
function parseDependencies(dep: string) {
  const needs = new Map<string, readonly string[]>();
  const files = new Map<string, string>();
  for (const line of dep.split("\n")) {
    const [file, rest] = line.split(":", 2);
    if (!file || rest === undefined) continue;
    files.set(moduleName(file), file);
    needs.set(file, rest.split(" ").filter(Boolean).reverse());
  }
  return { files, needs };
}

/**
 * What a module asks for by name or alias (`softdep NAME pre: …`). Of several modules with one alias the generic one
 * is taken: the others need a processor that the guest may not have.
 */
function softDependencies({ softdep, alias }: ModuleLists, files: ReadonlyMap<string, string>) {
  const asked = new Map<string, readonly string[]>();
  for (const [, name, names] of softdep.matchAll(/^softdep (\S+) pre: ([^:\n]*?)(?: post:.*)?$/gm)) {
    asked.set(moduleName(name!), names!.split(" ").filter(Boolean));
  }
  const aliases = Map.groupBy(alias.matchAll(/^alias (\S+) (\S+)$/gm), ([, name]) => name!);
  const fileOf = (name: string): string[] => {
    const own = files.get(moduleName(name));
    if (own !== undefined) return [own];
    const modules = (aliases.get(name) ?? []).map(([, , module]) => module!);
    const chosen = modules.find((module) => module.endsWith("_generic")) ?? modules[0];
    return chosen === undefined ? [] : [files.get(moduleName(chosen))].filter((file) => file !== undefined);
  };
  return (name: string): string[] => (asked.get(name) ?? []).flatMap(fileOf);
}

/** `kernel/fs/a-b.ko.xz` → `a_b`: the kernel takes both marks for the same. */
function moduleName(file: string): string {
  return file
    .slice(file.lastIndexOf("/") + 1)
    .replace(/\.ko(\.\w+)?$/, "")
    .replaceAll("-", "_");
}
