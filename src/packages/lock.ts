/** What `microvm.lock` records of package sets: the exact result of each resolution. Pure. */
import { MicrovmError, messageOf } from "../errors.ts";

/** A package, pinned. */
export interface LockedPackage {
  readonly version: string;
  readonly architecture: string;
  /** Relative to the archive's top. */
  readonly file: string;
  /** Of the .deb, in bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** Which state of the archive the packages were taken from. */
interface LockedRelease {
  readonly suite: string;
  readonly codename: string;
  /** As the archive wrote it. */
  readonly date: string;
  /** Of its `InRelease`. */
  readonly sha256: string;
}

/** One package set. All its resolutions share one version of each package. */
export interface LockedPackageSet {
  readonly release: LockedRelease;
  readonly packages: Readonly<Record<string, LockedPackage>>;
  /** Names in the order of installation, by the key of what was asked for. */
  readonly resolutions: Readonly<Record<string, readonly string[]>>;
}

/** The lock file's content about packages. */
export interface Lock {
  readonly version: 1;
  readonly packageSets: Readonly<Record<string, LockedPackageSet>>;
}

/** A lock that pins nothing. */
export const EMPTY_LOCK: Lock = { version: 1, packageSets: {} };

/** Reads a lock file; `path` is what errors call it. Errors: `lock-invalid`. */
export function parseLock(text: string, path = "microvm.lock"): Lock {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw invalid(path, `it is not JSON (${messageOf(error)})`);
  }
  const fault = checkLock(content);
  if (fault !== undefined) throw invalid(path, fault);
  return content as Lock;
}

/** The text of a lock file: keys sorted, one package a line. Equal locks have equal texts. */
export function formatLock(lock: Lock): string {
  return `${formatValue(lock, "")}\n`;
}

function formatValue(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => `${inner}${formatValue(item, inner)}`).join(",\n")}\n${indent}]`;
  }
  // Plain comparison, so that no machine's locale changes the order.
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return "{}";
  if (entries.every(([, item]) => typeof item !== "object")) {
    return `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${JSON.stringify(item)}`).join(", ")} }`;
  }
  const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${formatValue(item, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

/** What is wrong with a lock file's content, if anything. */
function checkLock(content: unknown): string | undefined {
  if (!isRecord(content)) return "it is no object";
  if (content.version !== 1) return `its version is ${JSON.stringify(content.version)}, not 1`;
  if (!isRecord(content.packageSets)) return `"packageSets" is no object`;
  for (const [key, set] of Object.entries(content.packageSets)) {
    const fault = checkSet(set);
    if (fault !== undefined) return `package set "${key}": ${fault}`;
  }
  return undefined;
}

function checkSet(set: unknown): string | undefined {
  if (!isRecord(set)) return "it is no object";
  const { release, packages, resolutions } = set;
  if (!isRecord(release) || !hasTexts(release, ["suite", "codename", "date", "sha256"])) {
    return `"release" lacks a suite, a code name, a date or a checksum`;
  }
  if (!isRecord(packages)) return `"packages" is no object`;
  if (!isRecord(resolutions)) return `"resolutions" is no object`;
  for (const [name, locked] of Object.entries(packages)) {
    const fault = checkPackage(locked);
    if (fault !== undefined) return `package "${name}": ${fault}`;
  }
  for (const [key, names] of Object.entries(resolutions)) {
    if (!Array.isArray(names)) return `resolution "${key}" is no list`;
    const unknown = names.find((name) => typeof name !== "string" || !Object.hasOwn(packages, name));
    if (unknown !== undefined)
      return `resolution "${key}" names ${JSON.stringify(unknown)}, which is not locked`;
  }
  return undefined;
}

function checkPackage(locked: unknown): string | undefined {
  if (!isRecord(locked) || !hasTexts(locked, ["version", "architecture", "file", "sha256"])) {
    return "it lacks a version, an architecture, a file or a checksum";
  }
  if (!/^[0-9a-f]{64}$/.test(String(locked.sha256))) return "its checksum is no SHA-256";
  if (!Number.isSafeInteger(locked.size) || Number(locked.size) < 0) return "its size is no number of bytes";
  // The file becomes part of an address.
  if (String(locked.file).split("/").includes("..")) return `its file is "${locked.file}"`;
  return undefined;
}

function hasTexts(record: Record<string, unknown>, keys: readonly string[]): boolean {
  return keys.every((key) => typeof record[key] === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(path: string, why: string): MicrovmError {
  return new MicrovmError("lock-invalid", `Cannot read the lock file "${path}": ${why}`, {
    hint: "Restore it from version control, or remove it to lock anew",
  });
}
