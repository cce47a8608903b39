/** Where package files of store paths can be had from when no project is at hand. */
import { MicrovmError } from "../errors.ts";
import { downloadToFile } from "../os/http.ts";
import { debUrl } from "../packages/debian/mirror.ts";
import { newMirrorPool } from "../packages/debian/mirror-pool.ts";
import { debian, ubuntu } from "../packages/debian/package-set.ts";
import { packageSetKey } from "../packages/debian/package-set-key.ts";
import { type PackageSource, packageSource } from "../packages/debian/package-source.ts";
import type { DebParams } from "../plan/deb.ts";
import type { InfoRecord } from "../store/info.ts";

/**
 * A source for each package set that these records name: `mirror` when it is given, else the host's own mirrors for
 * sets of nothing but a distribution's suites. Another one's source is an error when it is asked (`mirror-unknown`).
 */
export function knownSources(
  records: Iterable<InfoRecord>,
  mirror: string | undefined,
): Readonly<Record<string, PackageSource>> {
  const sources: Record<string, PackageSource> = {};
  for (const { recipe } of records) {
    if (recipe.kind !== "deb") continue;
    const { set } = recipe.params as unknown as DebParams;
    sources[set] ??= mirror === undefined ? sourceOf(set) : mirrorSource(mirror);
  }
  return sources;
}

function mirrorSource(mirror: string): PackageSource {
  return {
    fetch: ({ file, size, sha256 }, path, how) =>
      downloadToFile(debUrl(mirror.replace(/\/+$/, ""), file), path, { ...how, size, sha256 }),
  };
}

/** The source of a set of this name; see `packageSetKey`. */
function sourceOf(key: string): PackageSource {
  const [type, suites = "", architecture = "", components = ""] = key.split("/");
  const [suite = "", ...others] = suites.split("+");
  try {
    const set = (type === "ubuntu" ? ubuntu : debian)({
      suite,
      architecture,
      components: components.split("+"),
      updates: others.includes("updates"),
      security: others.includes("security"),
    });
    if (packageSetKey(set) === key) {
      return packageSource(set, { releases: [], projectDirectory: "/", pool: newMirrorPool() });
    }
  } catch (error) {
    if (!(error instanceof MicrovmError)) throw error;
  }
  return {
    fetch: async () => {
      throw new MicrovmError("mirror-unknown", `No mirror is known for packages of "${key}"`, {
        hint: 'Give one with "--mirror"',
      });
    },
  };
}
