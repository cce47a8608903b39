/** Locks of earlier versions, as what they mean today. Pure. */
import { hasUpdates } from "./debian/package-set.ts";
import { isRecord, LOCK_VERSION } from "./lock-checks.ts";

/**
 * The content of a lock file in today's form. What is no lock of a version that is known comes back as it is, for
 * the checks to refuse.
 */
export function migrateLock(content: unknown): unknown {
  if (!isRecord(content) || !isRecord(content.packageSets) || "references" in content) return content;
  // Version 2 knew no references.
  if (content.version === 2) return { ...content, version: LOCK_VERSION, references: {} };
  if (content.version !== 1) return content;
  const sets = Object.entries(content.packageSets).map(([key, set]) => [keyToday(key), setToday(key, set)]);
  return { ...content, version: LOCK_VERSION, packageSets: Object.fromEntries(sets), references: {} };
}

/**
 * Version 1 knew sets of one suite, and its names did not tell of the keyring. A released suite of Debian now has
 * its updates by default, so its packages stand for that set: they stay until they are updated.
 */
function keyToday(key: string): string {
  const [, suite = "", rest = ""] = /^debian\/([^/]+)\/(.*)$/.exec(key) ?? [];
  return hasUpdates("debian", suite) ? `debian/${suite}+updates+security/${rest}` : key;
}

/** Version 1 did not record indices, so a wish that is not locked is resolved against the archive as it is. */
function setToday(key: string, set: unknown): unknown {
  if (!isRecord(set) || !isRecord(set.release)) return set;
  const { release, ...others } = set;
  const today = {
    ...release,
    origin: "",
    label: "",
    byHash: true,
    notAutomatic: false,
    butAutomaticUpgrades: false,
    indices: {},
  };
  return { ...others, releases: { [key.split("/")[1]!]: today } };
}
