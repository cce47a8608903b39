/** Names of units, systemd.unit(5). They become parts of paths. */
import { types } from "../../../module-system/index.ts";

const KINDS = "service|socket|device|mount|automount|swap|target|path|timer|slice|scope";

/** A unit's name with its kind. */
export const unitName = types.strMatching(new RegExp(`^[A-Za-z0-9:_.\\\\@-]+\\.(?:${KINDS})$`));

/** A unit as another one refers to it, perhaps with specifiers such as `%i`. */
export const unitReference = types.strMatching(new RegExp(`^[A-Za-z0-9:_.\\\\@%-]+\\.(?:${KINDS})$`));

/** A unit's name without its kind. It names a directory too. */
export const UNIT_STEM = /^(?!\.{1,2}$)[A-Za-z0-9:_.\\@-]{1,240}$/;

/** Whether a name ends as a whole unit's name does. */
export const WITH_KIND = new RegExp(`\\.(?:${KINDS})$`);

/** The name of a template or of one of its instances: what is before the `@`, and the instance. */
export function instanceOf(
  stem: string,
): { readonly template: string; readonly instance: string } | undefined {
  const at = stem.indexOf("@");
  return at < 0 ? undefined : { template: stem.slice(0, at + 1), instance: stem.slice(at + 1) };
}

/** A path as part of a unit's name, systemd-escape(1) `--path`. */
export function escapeUnitPath(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, "").replace(/\/+/g, "/");
  if (trimmed === "") return "-";
  return [...Buffer.from(trimmed)]
    .map((byte, index) => {
      const character = String.fromCharCode(byte);
      if (character === "/") return "-";
      const plain = /[A-Za-z0-9:_.]/.test(character) && !(character === "." && index === 0);
      return plain ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}
