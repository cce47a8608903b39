/** The error of a package that cannot be read. */
import { MicrovmError } from "../../errors.ts";

/** Error `package-invalid`; `name` is what it calls the package, `why` a sentence that begins with a small letter. */
export function invalid(name: string, why: string, cause?: unknown): MicrovmError {
  return new MicrovmError("package-invalid", `Cannot read the package "${name}": ${why}`, {
    hint: "Remove it and fetch it again",
    ...(cause !== undefined && { cause }),
  });
}
