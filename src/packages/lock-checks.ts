/** What a lock file must hold. Pure. */

/** The version that this program writes. */
export const LOCK_VERSION = 3;

/** What is wrong with a lock file's content, if anything. */
export function checkLock(content: unknown): string | undefined {
  if (!isRecord(content)) return "it is no object";
  if (content.version !== LOCK_VERSION) {
    return `its version is ${JSON.stringify(content.version)}, not ${LOCK_VERSION}`;
  }
  const unknown = unknownField(content, ["version", "packageSets", "references"]);
  if (unknown !== undefined) return unknown;
  if (!isRecord(content.packageSets)) return `"packageSets" is no object`;
  if (!isRecord(content.references)) return `"references" is no object`;
  return (
    firstFault(content.packageSets, "package set", checkSet) ??
    firstFault(content.references, "reference", checkReference)
  );
}

function checkReference(reference: unknown): string | undefined {
  if (!isRecord(reference)) return "it is no object";
  const { rev, lastModified, digest, packageSets } = reference;
  if (typeof rev !== "string" || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(rev)) return "its rev is no hash";
  if (lastModified !== undefined && !Number.isSafeInteger(lastModified)) {
    return `"lastModified" is no number of seconds`;
  }
  if (!isSha256(digest)) return "its digest is no SHA-256";
  if (packageSets !== undefined && !isRecord(packageSets)) return `"packageSets" is no object`;
  return (
    unknownField(reference, ["rev", "lastModified", "digest", "packageSets"]) ??
    firstFault(packageSets ?? {}, "package set", checkSet)
  );
}

function checkSet(set: unknown): string | undefined {
  if (!isRecord(set)) return "it is no object";
  const { releases, local, packages, resolutions } = set;
  const unknown = unknownField(set, ["releases", "local", "packages", "resolutions"]);
  if (unknown !== undefined) return unknown;
  if (!isRecord(releases)) return `"releases" is no object`;
  if (local !== undefined && !isSha256(local)) return `"local" is no SHA-256`;
  if (!isRecord(packages)) return `"packages" is no object`;
  if (!isRecord(resolutions)) return `"resolutions" is no object`;
  return (
    firstFault(releases, "release", checkRelease) ??
    firstFault(packages, "package", checkPackage) ??
    checkResolutions(resolutions, packages)
  );
}

function checkRelease(release: unknown): string | undefined {
  if (!isRecord(release) || !hasTexts(release, ["suite", "codename", "origin", "label", "date", "sha256"])) {
    return "it lacks a suite, a code name, an origin, a label, a date or a checksum";
  }
  const { byHash, notAutomatic, butAutomaticUpgrades, indices } = release;
  if (![byHash, notAutomatic, butAutomaticUpgrades].every((flag) => typeof flag === "boolean")) {
    return `"byHash", "notAutomatic" or "butAutomaticUpgrades" is neither true nor false`;
  }
  if (Number.isNaN(Date.parse(String(release.date)))) return `its date is "${release.date}"`;
  if (!isRecord(indices)) return `"indices" is no object`;
  return unknownField(release, RELEASE_FIELDS) ?? firstFault(indices, "index", checkIndex);
}

const RELEASE_FIELDS = [
  "suite",
  "codename",
  "origin",
  "label",
  "date",
  "sha256",
  "byHash",
  "notAutomatic",
  "butAutomaticUpgrades",
  "indices",
];

function checkIndex(index: unknown): string | undefined {
  if (!isRecord(index) || !isInnerPath(index.path)) return "it has no path below its suite";
  if (!isSha256(index.sha256) || (index.text !== undefined && !isSha256(index.text))) {
    return "its checksum is no SHA-256";
  }
  if (!isSize(index.size) || (index.textSize !== undefined && !isSize(index.textSize))) {
    return "its size is no number of bytes";
  }
  return unknownField(index, ["path", "sha256", "size", "text", "textSize"]);
}

function checkPackage(locked: unknown): string | undefined {
  if (!isRecord(locked) || !hasTexts(locked, ["version", "architecture", "file", "sha256"])) {
    return "it lacks a version, an architecture, a file or a checksum";
  }
  if (!isSha256(locked.sha256)) return "its checksum is no SHA-256";
  if (!isSize(locked.size)) return "its size is no number of bytes";
  // The file becomes part of an address.
  if (!isInnerPath(locked.file)) return `its file is "${locked.file}"`;
  if (locked.repository !== undefined && typeof locked.repository !== "string") {
    return "its repository is no name";
  }
  return unknownField(locked, ["version", "architecture", "file", "size", "sha256", "repository"]);
}

function checkResolutions(
  resolutions: Readonly<Record<string, unknown>>,
  packages: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const [key, names] of Object.entries(resolutions)) {
    if (!Array.isArray(names)) return `resolution "${key}" is no list`;
    const unknown = names.find((name) => typeof name !== "string" || !Object.hasOwn(packages, name));
    if (unknown !== undefined) {
      return `resolution "${key}" names ${JSON.stringify(unknown)}, which is not locked`;
    }
  }
  return undefined;
}

function firstFault(
  entries: Readonly<Record<string, unknown>>,
  what: string,
  check: (value: unknown) => string | undefined,
): string | undefined {
  for (const [key, value] of Object.entries(entries)) {
    const fault = check(value);
    if (fault !== undefined) return `${what} "${key}": ${fault}`;
  }
  return undefined;
}

function unknownField(
  record: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string | undefined {
  const unknown = Object.keys(record).find((key) => !known.includes(key));
  return unknown === undefined ? undefined : `it has the unknown field "${unknown}"`;
}

function isInnerPath(value: unknown): boolean {
  return (
    typeof value === "string" && value !== "" && !value.startsWith("/") && !value.split("/").includes("..")
  );
}

function isSha256(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function hasTexts(record: Record<string, unknown>, keys: readonly string[]): boolean {
  return keys.every((key) => typeof record[key] === "string");
}

/** Whether a value is an object with names, neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
