/** The error of an image that cannot be used. */
import { MicrovmError } from "../../errors.ts";

/** Error `image-invalid`; `name` is what it calls the image, `why` a sentence that begins with a small letter. */
export function imageInvalid(name: string, why: string, hint?: string): MicrovmError {
  return new MicrovmError("image-invalid", `Cannot use the image "${name}": ${why}`, {
    ...(hint !== undefined && { hint }),
  });
}
