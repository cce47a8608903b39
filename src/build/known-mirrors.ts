/** Mirrors of package files that store paths were fetched from, when no project is at hand. */
import { MicrovmError } from "../errors.ts";
import { mirrorFor } from "../packages/debian/mirror.ts";
import type { DebParams } from "../plan/deb.ts";
import type { InfoRecord } from "../store/info.ts";

/**
 * A mirror for each package set that these records name: `mirror` when it is given, else the host's own for plain
 * sets of Debian. Asking for another one is an error (`mirror-unknown`).
 */
export function knownMirrors(
  records: Iterable<InfoRecord>,
  mirror: string | undefined,
): Readonly<Record<string, () => string>> {
  const mirrors: Record<string, () => string> = {};
  for (const { recipe } of records) {
    if (recipe.kind !== "deb") continue;
    const { set } = recipe.params as unknown as DebParams;
    mirrors[set] = () => mirror ?? mirrorOf(set);
  }
  return mirrors;
}

function mirrorOf(set: string): string {
  if (/^debian\/[^@]*$/.test(set)) return mirrorFor({ mirror: null, snapshot: null });
  throw new MicrovmError("mirror-unknown", `No mirror is known for packages of "${set}"`, {
    hint: 'Give one with "--mirror"',
  });
}
