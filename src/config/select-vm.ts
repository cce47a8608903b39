import { MicrovmError } from "../errors.ts";
import { suggest } from "../module-system/index.ts";

/**
 * The VM that is meant: the named one, else the only one, else `default`, else the one that is named like
 * the project's directory.
 */
export function selectVm(
  wanted: string | undefined,
  names: readonly string[],
  directoryName: string,
): string {
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    const near = suggest(wanted, names);
    const meant = near === undefined ? "" : `; did you mean "${near}"`;
    throw new MicrovmError("vm-not-found", `The project defines no VM "${wanted}"${meant}`, listed(names));
  }
  if (names.length === 1) return names[0]!;
  const implied = ["default", directoryName].find((name) => names.includes(name));
  if (implied !== undefined) return implied;
  if (names.length === 0) {
    throw new MicrovmError("vm-not-found", "The project defines no VM", {
      hint: 'Define one in "microvms", or in "microvm.vms" of a host',
    });
  }
  throw new MicrovmError(
    "vm-not-found",
    "The project defines several VMs and none was chosen",
    listed(names),
  );
}

function listed(names: readonly string[]): { readonly hint: string } {
  if (names.length === 0) return { hint: "It defines none at all" };
  return { hint: `Choose one with #NAME: ${names.map((name) => `"${name}"`).join(", ")}` };
}
