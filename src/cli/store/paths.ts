/** Store paths as the commands about the store are given them. */
import { join } from "node:path";
import { RUNNER_LINKS } from "../../paths.ts";
import { findPath } from "../../store/find-path.ts";
import { openStore, type Store } from "../../store/store.ts";
import { directories } from "../setting.ts";

/** The store of this run, and how its paths are found: see `findPath`. */
export function storeInUse(): { readonly store: Store; readonly find: (text: string) => string } {
  const { store: directory, state } = directories();
  const linkOf = (vm: string) => (/^[\w][\w.-]*$/.test(vm) ? join(state, vm, RUNNER_LINKS[0]) : undefined);
  return { store: openStore(directory), find: (text) => findPath(directory, text, linkOf) };
}
