import { MicrovmError } from "../errors.ts";
import { suggest } from "../module-system/index.ts";
import type { HostChoice } from "./protocol.ts";

/** The host that is meant: the named one, else the one with the machine's name, else `default`. */
export function selectHost({ wanted, hostName }: HostChoice, names: readonly string[]): string {
  const listed = names.map((name) => `"${name}"`).join(", ");
  if (names.length === 0) {
    throw new MicrovmError("host-not-found", "The project declares no host", {
      hint: 'Declare one in "hosts": hosts: { default: { microvm: { vms: { … } } } }',
    });
  }
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    const near = suggest(wanted, names);
    const meant = near === undefined ? "" : `; did you mean "${near}"`;
    throw new MicrovmError("host-not-found", `The project declares no host "${wanted}"${meant}`, {
      hint: `Choose one with #NAME: ${listed}`,
    });
  }
  const implied = [hostName, "default"].find((name) => names.includes(name));
  if (implied !== undefined) return implied;
  throw new MicrovmError(
    "host-not-found",
    `The project declares no host with this machine's name, "${hostName}", and none named "default"`,
    { hint: `Choose one with #NAME: ${listed}` },
  );
}
