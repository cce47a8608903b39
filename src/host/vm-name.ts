import { VM_NAME } from "../config/protocol.ts";
import { MicrovmError } from "../errors.ts";

/** Longest name: a host name's part, RFC 1035. */
const LENGTH = 63;

/** How many characters of a name that is none an error shows. */
const SHOWN = 40;

/** Checks that a VM may have this name. Errors: `bad-usage`. */
export function checkVmName(name: string): void {
  if (VM_NAME.test(name)) return;
  const shown = name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name;
  throw new MicrovmError("bad-usage", `"${shown}" cannot be a VM's name: ${whatIsWrong(name)}`, {
    hint: `A name has letters, digits, ".", "_" and "-", begins and ends with a letter or digit, and has at most ${LENGTH} characters`,
  });
}

function whatIsWrong(name: string): string {
  if (name === "") return "it is empty";
  if (name.length > LENGTH) return `it has ${name.length} characters`;
  const strange = /[^A-Za-z0-9._-]/.exec(name)?.[0];
  if (strange === undefined) return "it begins or ends with a mark";
  return strange === " " ? "it has a space" : `it has a ${JSON.stringify(strange)}`;
}
