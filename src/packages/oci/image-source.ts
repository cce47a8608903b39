/** OCI images as guests' systems: plain data, made in project files, so this module imports little. */
import { MicrovmError } from "../../errors.ts";
import type { DebianPackageSet } from "../debian/package-set.ts";

/** An image on this machine: frozen plain JSON. */
export interface OciImage {
  readonly type: "oci";
  /** A layout's directory, or a tar archive. */
  readonly form: "layout" | "archive";
  /** From the project's directory on. */
  readonly path: string;
  readonly reference: string | null;
  readonly digest: string | null;
  readonly architecture: string;
  readonly packageSet: DebianPackageSet | null;
  readonly entrypoint: readonly string[] | null;
  readonly cmd: readonly string[] | null;
  readonly init: boolean | null;
  readonly restart: RestartPolicy;
}

/** What happens when the image's own process ends: the guest is powered off, or the process started again. */
export type RestartPolicy = "never" | "on-failure" | "always";

/** What `oci()` takes: one of `layout` and `archive`, the architecture, and what is to differ from the image. */
export interface OciOptions {
  /** Directory of an OCI image layout, from the project's directory on. */
  readonly layout?: string;
  /** Tar archive of an OCI image layout, or what `docker save` writes; uncompressed. */
  readonly archive?: string;
  /** Which image, when there are several: a tag, a name with a tag, or a digest `sha256:…`. */
  readonly reference?: string | null;
  /** Digest that the image's manifest must have, `sha256:…`: the same image, or none. */
  readonly digest?: string | null;
  /** `amd64` or `arm64`. */
  readonly architecture: string;
  /** Where kernel and guest agent come from. Default: Debian's stable suite for the architecture. */
  readonly packageSet?: DebianPackageSet | null;
  /** In place of the image's own; its `Cmd` then does not count. */
  readonly entrypoint?: readonly string[] | null;
  /** In place of the image's own `Cmd`. */
  readonly cmd?: readonly string[] | null;
  /** Whether the image's own init is process 1. Default: when that is systemd, or the image's process is an init. */
  readonly init?: boolean | null;
  /** Default `never`. */
  readonly restart?: RestartPolicy;
}

const OPTIONS = [
  "layout",
  "archive",
  "reference",
  "digest",
  "architecture",
  "packageSet",
  "entrypoint",
  "cmd",
  "init",
  "restart",
];

const ARCHITECTURES = ["amd64", "arm64"];
const RESTARTS = ["never", "on-failure", "always"];

/** An OCI image as a guest's system. Errors: `config-invalid`, naming the option that is wrong. */
export function oci(options: OciOptions): OciImage {
  const given = options as unknown as Record<string, unknown>;
  if (typeof given !== "object" || given === null) throw invalid("its argument", "an object", given);
  for (const key of Object.keys(given)) {
    if (!OPTIONS.includes(key)) throw invalid(`"${key}"`, `one of the options ${OPTIONS.join(", ")}`);
  }
  const { layout, archive } = given;
  if ((layout === undefined) === (archive === undefined)) {
    throw invalid("its argument", 'an object with either "layout" or "archive"');
  }
  return Object.freeze({
    type: "oci" as const,
    form: layout === undefined ? ("archive" as const) : ("layout" as const),
    path: textOf(layout === undefined ? "archive" : "layout", layout ?? archive, "a path"),
    reference: nullOr(given.reference, (value) => textOf("reference", value, "a tag, a name or a digest")),
    digest: nullOr(given.digest, digestOf),
    architecture: oneOf("architecture", given.architecture, ARCHITECTURES),
    packageSet: nullOr(given.packageSet, packageSetOf),
    entrypoint: nullOr(given.entrypoint, (value) => wordsOf("entrypoint", value)),
    cmd: nullOr(given.cmd, (value) => wordsOf("cmd", value)),
    init: nullOr(given.init, initOf),
    restart: oneOf("restart", given.restart ?? "never", RESTARTS) as RestartPolicy,
  });
}

/** Whether a plain value is what `oci()` made: it came from elsewhere as JSON. */
export function isOciImage(value: unknown): value is OciImage {
  if (typeof value !== "object" || value === null || (value as { type?: unknown }).type !== "oci")
    return false;
  const { type, form, path, ...options } = value as OciImage;
  if (form !== "layout" && form !== "archive") return false;
  try {
    oci({ ...options, [form]: path });
    return true;
  } catch {
    return false;
  }
}

function nullOr<T>(value: unknown, check: (value: unknown) => T): T | null {
  return value === undefined || value === null ? null : check(value);
}

function textOf(option: string, value: unknown, expected: string): string {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw invalid(`"${option}"`, expected, value);
}

function digestOf(value: unknown): string {
  if (typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value)) return value;
  throw invalid('"digest"', "sha256: and 64 hexadecimal digits", value);
}

function oneOf(option: string, value: unknown, known: readonly string[]): string {
  if (typeof value === "string" && known.includes(value)) return value;
  throw invalid(`"${option}"`, `one of ${known.join(", ")}`, value);
}

function wordsOf(option: string, value: unknown): readonly string[] {
  const isWord = (word: unknown) => typeof word === "string" && !word.includes("\0");
  if (Array.isArray(value) && value.every(isWord)) return Object.freeze([...value]);
  throw invalid(`"${option}"`, "a list of words", value);
}

function initOf(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw invalid('"init"', "true or false", value);
}

function packageSetOf(value: unknown): DebianPackageSet {
  if (typeof value === "object" && value !== null && (value as { type?: unknown }).type !== "oci") {
    return value as DebianPackageSet;
  }
  throw invalid('"packageSet"', "a package set, such as debian() makes", value);
}

function invalid(what: string, expected: string, value?: unknown): MicrovmError {
  const found = value === undefined ? "" : `, not ${JSON.stringify(value)}`;
  return new MicrovmError("config-invalid", `oci(): ${what} must be ${expected}${found}`);
}
