/** What `microvm.lock` records: the exact result of each resolution of packages, and the commits of references. Pure. */
import { MicrovmError, messageOf } from "../errors.ts";
import { checkLock, isRecord, LOCK_VERSION } from "./lock-checks.ts";
import { migrateLock } from "./lock-migration.ts";

/** A package, pinned. */
export interface LockedPackage {
  readonly version: string;
  readonly architecture: string;
  /** Relative to the repository's top; of a local package, to the project's directory. */
  readonly file: string;
  /** Of the .deb, in bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Whose file it is: absent for the archive itself, `security`, `local`, or the name of a repository. */
  readonly repository?: string;
}

/** A `Packages` file, so that the same one can be had again. */
export interface LockedIndex {
  /** Relative to the suite's directory. */
  readonly path: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** Checksum of its text, when the archive says it. */
  readonly text?: string;
  /** Bytes of its text, when the archive says them. */
  readonly textSize?: number;
}

/** The state of one suite that packages were taken from. */
export interface LockedRelease {
  readonly suite: string;
  readonly codename: string;
  readonly origin: string;
  readonly label: string;
  /** As the archive wrote it. */
  readonly date: string;
  /** Of its `InRelease`. */
  readonly sha256: string;
  /** Whether the archive has files by their checksums. */
  readonly byHash: boolean;
  readonly notAutomatic: boolean;
  readonly butAutomaticUpgrades: boolean;
  /** By component. */
  readonly indices: Readonly<Record<string, LockedIndex>>;
}

/** One package set. All its resolutions share one version of each package. */
export interface LockedPackageSet {
  /** By the suite's name, with `NAME:` in front for other people's repositories. */
  readonly releases: Readonly<Record<string, LockedRelease>>;
  /** Checksum over the local packages, when the set has some. */
  readonly local?: string;
  readonly packages: Readonly<Record<string, LockedPackage>>;
  /** Names in the order of installation, by the key of what was asked for. */
  readonly resolutions: Readonly<Record<string, readonly string[]>>;
}

/** What a reference to another project stands for. */
export interface LockedReference {
  /** The commit's whole hash. */
  readonly rev: string;
  /** When it was made, in seconds since 1970. */
  readonly lastModified?: number;
  /** Of its tree in the store. */
  readonly digest: string;
  /** Package sets of that project that its own lock lacks, or has otherwise. */
  readonly packageSets?: Readonly<Record<string, LockedPackageSet>>;
}

/** The lock file's content. */
export interface Lock {
  readonly version: typeof LOCK_VERSION;
  readonly packageSets: Readonly<Record<string, LockedPackageSet>>;
  /** By the reference in its canonical form, without `#NAME`. */
  readonly references: Readonly<Record<string, LockedReference>>;
}

/** A lock that pins nothing. */
export const EMPTY_LOCK: Lock = { version: LOCK_VERSION, packageSets: {}, references: {} };

/**
 * Reads a lock file; `path` is what errors call it. One of an earlier version is read as what it means today. Errors:
 * `lock-invalid`, also for a later version and for fields that are not known: they would be lost when it is written.
 */
export function parseLock(text: string, path = "microvm.lock"): Lock {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw invalid(path, `it is not JSON (${messageOf(error)})`);
  }
  if (isRecord(content) && Number(content.version) > LOCK_VERSION) {
    throw new MicrovmError(
      "lock-invalid",
      `The lock file "${path}" is of version ${Number(content.version)}, and this program knows versions up to ${LOCK_VERSION}`,
      { hint: "Update microvm to the version that the others of this project use" },
    );
  }
  const current = migrateLock(content);
  const fault = checkLock(current);
  if (fault !== undefined) throw invalid(path, fault);
  return current as Lock;
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

function invalid(path: string, why: string): MicrovmError {
  return new MicrovmError("lock-invalid", `Cannot read the lock file "${path}": ${why}`, {
    hint: "Restore it from version control, or remove it to lock anew",
  });
}
