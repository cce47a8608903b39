/** The installed VMs that a person names. */
import { MicrovmError } from "../errors.ts";
import { listInstalled } from "../host/installed.ts";
import { checkVmName } from "../host/vm-name.ts";
import { suggest } from "../module-system/suggest.ts";
import { helpHint } from "./command.ts";

/** How many names an error shows. */
const SHOWN_NAMES = 10;

/** The names, each once. Errors: `bad-usage` for what is no name or when there is none, `vm-not-found`. */
export function namedVms(command: string, words: readonly string[], stateDirectory: string): string[] {
  if (words.length === 0) {
    throw new MicrovmError("bad-usage", `"${command}" needs the name of a VM`, { hint: helpHint(command) });
  }
  const names = [...new Set(words)];
  for (const name of names) checkVmName(name);
  const installed = new Set(listInstalled(stateDirectory).map(({ name }) => name));
  for (const name of names) if (!installed.has(name)) throw unknownVm(name, [...installed], stateDirectory);
  return names;
}

/** The one name. Errors: as `namedVms`. */
export function namedVm(command: string, words: readonly string[], stateDirectory: string): string {
  if (words.length > 1) {
    throw new MicrovmError("bad-usage", `"${command}" takes one VM, not "${words.join('" and "')}"`, {
      hint: helpHint(command),
    });
  }
  return namedVms(command, words, stateDirectory)[0]!;
}

function unknownVm(name: string, installed: readonly string[], stateDirectory: string): MicrovmError {
  const near = suggest(name, installed);
  const meant = near === undefined ? "" : `; did you mean "${near}"`;
  const shown = installed.slice(0, SHOWN_NAMES).map((one) => `"${one}"`);
  const more = installed.length > shown.length ? ', …: see "microvm list"' : "";
  return new MicrovmError("vm-not-found", `There is no VM "${name}" in "${stateDirectory}"${meant}`, {
    hint:
      installed.length === 0
        ? 'No VM is installed: declare one and run "microvm switch", or see "microvm create --help"'
        : `There are ${shown.join(", ")}${more}`,
  });
}

/** The one name of something that is to be made; whether it may be, is for others to say. Errors: `bad-usage`. */
export function namedNew(command: string, words: readonly string[]): string {
  const [name, ...others] = words;
  if (name !== undefined && others.length === 0) return name;
  const what = name === undefined ? "needs a name" : `takes one name, not "${words.join('" and "')}"`;
  throw new MicrovmError("bad-usage", `"${command}" ${what}`, { hint: helpHint(command) });
}
