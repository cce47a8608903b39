/** References as a host keeps them. */
import { resolve } from "node:path";
import { formatReference, parseReference } from "../config/index.ts";

/** A reference as it is kept: in its canonical form, a relative path made absolute, so that it means the same from everywhere. */
export function absoluteReference(text: string, directory: string): string {
  const reference = parseReference(text);
  if (reference.type !== "path") return formatReference(reference);
  return formatReference({ ...reference, path: resolve(directory, reference.path) });
}
