/** A Debian suite as a package set: plain data, made in project files, so this module imports little. */
import { MicrovmError } from "../../errors.ts";

/** A package set of Debian: frozen plain JSON; two equal sets are interchangeable. */
export interface DebianPackageSet {
  readonly type: "debian";
  readonly suite: string;
  readonly architecture: string;
  readonly components: readonly string[];
  /** Where packages come from; null: what the host's own apt configuration names. */
  readonly mirror: string | null;
  /** A time of a snapshot service (`20250520T000000Z`), which is then a directory of `mirror`. */
  readonly snapshot: string | null;
  /** Trusted public keys: a path, or armored text; null: those of Debian that the program ships. */
  readonly keyring: string | null;
}

/** What `debian()` takes. */
export interface DebianOptions {
  /** Suite or code name: `trixie`, `bookworm`, `stable`, `sid`. */
  readonly suite: string;
  /** Debian's name of an architecture: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Default: `["main"]`. */
  readonly components?: readonly string[];
  /** Address of an archive, `http:`, `https:` or `file:`, without `/dists`. Default: the host's own. */
  readonly mirror?: string | null;
  /** A time like `20250520T000000Z`, appended to `mirror`, which must then be that of a snapshot service. */
  readonly snapshot?: string | null;
  /** Path of a keyring (armored or binary) or armored text, in place of Debian's keys. */
  readonly keyring?: string | null;
}

/** Debian's release architectures and the ports that Debian itself hosts. */
const ARCHITECTURES = [
  "amd64",
  "arm64",
  "armel",
  "armhf",
  "i386",
  "loong64",
  "mips64el",
  "ppc64el",
  "riscv64",
  "s390x",
];

/** Other people's names of the same machines: the kernel's and Node's. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  x64: "amd64",
  aarch64: "arm64",
  armv7l: "armhf",
  arm: "armhf",
  i686: "i386",
  ia32: "i386",
  ppc64le: "ppc64el",
};

const OPTIONS = ["suite", "architecture", "components", "mirror", "snapshot", "keyring"];

/** A package set of Debian. Errors: `config-invalid`, naming the option that is wrong. */
export function debian(options: DebianOptions): DebianPackageSet {
  const given = options as unknown as Record<string, unknown>;
  if (typeof given !== "object" || given === null)
    throw invalid("", "an object with suite and architecture", given);
  for (const key of Object.keys(given)) {
    if (!OPTIONS.includes(key)) throw invalid(key, `one of the options ${OPTIONS.join(", ")}`, undefined);
  }
  return Object.freeze({
    type: "debian" as const,
    suite: suiteOf(given.suite),
    architecture: architectureOf(given.architecture),
    components: Object.freeze(componentsOf(given.components ?? ["main"])),
    mirror: mirrorOf(given.mirror ?? null),
    snapshot: snapshotOf(given.snapshot ?? null, given.mirror ?? null),
    keyring: keyringOf(given.keyring ?? null),
  });
}

/**
 * What a lock file calls a package set: distribution, suite, architecture, components, and the snapshot when
 * there is one. The mirror does not count: every mirror has the same, and signatures say so.
 */
export function packageSetKey(set: DebianPackageSet): string {
  const key = [set.type, set.suite, set.architecture, [...set.components].sort().join("+")].join("/");
  return set.snapshot === null ? key : `${key}@${set.snapshot}`;
}

function suiteOf(value: unknown): string {
  if (typeof value === "string" && /^[a-z][a-z0-9.+-]*(\/[a-z0-9.+-]+)?$/.test(value)) return value;
  throw invalid("suite", 'the name of a suite, for example "trixie"', value);
}

function architectureOf(value: unknown): string {
  if (typeof value === "string" && ARCHITECTURES.includes(value)) return value;
  const meant = typeof value === "string" ? FOREIGN_NAMES[value] : undefined;
  const hint = meant === undefined ? undefined : `Did you mean "${meant}"?`;
  throw invalid("architecture", `one of ${ARCHITECTURES.join(", ")}`, value, hint);
}

function componentsOf(value: unknown): string[] {
  const isComponent = (item: unknown) => typeof item === "string" && /^[a-z][a-z0-9-]*$/.test(item);
  if (Array.isArray(value) && value.length > 0 && value.every(isComponent))
    return [...new Set<string>(value)];
  throw invalid("components", 'a list of component names, for example ["main"]', value);
}

function mirrorOf(value: unknown): string | null {
  if (value === null) return null;
  const expected = "an http, https or file address";
  if (typeof value !== "string" || !URL.canParse(value)) throw invalid("mirror", expected, value);
  if (!["http:", "https:", "file:"].includes(new URL(value).protocol))
    throw invalid("mirror", expected, value);
  return value.replace(/\/+$/, "");
}

function snapshotOf(value: unknown, mirror: unknown): string | null {
  if (value === null) return null;
  if (typeof value !== "string" || !/^\d{8}T\d{6}Z$/.test(value)) {
    throw invalid("snapshot", 'a time like "20250520T000000Z"', value);
  }
  if (mirror === null) {
    const hint = 'Add mirror: "https://MIRROR/archive/debian", the address of a snapshot service';
    throw new MicrovmError("config-invalid", 'debian(): "snapshot" needs "mirror"', { hint });
  }
  return value;
}

function keyringOf(value: unknown): string | null {
  if (value === null || (typeof value === "string" && value !== "")) return value;
  throw invalid("keyring", "the path of a keyring or an armored public key", value);
}

function invalid(option: string, expected: string, value: unknown, hint?: string): MicrovmError {
  const found = value === undefined ? "" : `, not ${JSON.stringify(value)}`;
  const what = option === "" ? "its argument" : `"${option}"`;
  return new MicrovmError("config-invalid", `debian(): ${what} must be ${expected}${found}`, {
    ...(hint !== undefined && { hint }),
  });
}
