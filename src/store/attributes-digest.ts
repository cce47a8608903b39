/** Extended attributes of a tree in one number, beside its digest, which does without a process for each path. */
import { createHash } from "node:crypto";
import { canReadAttributes, readAttributes } from "../os/attributes.ts";

/**
 * SHA-256, in hexadecimal, of all attributes in a tree: a line for each, sorted by path and name. Undefined where they
 * cannot be read. Errors: as `readAttributes`.
 */
export async function digestAttributes(root: string): Promise<string | undefined> {
  if (!(await canReadAttributes())) return undefined;
  const lines = [...(await readAttributes(root))].flatMap(([path, file]) =>
    Object.entries(file).map(([name, value]) => `${JSON.stringify([path, name, value])}\n`),
  );
  return createHash("sha256").update(lines.sort().join("")).digest("hex");
}
