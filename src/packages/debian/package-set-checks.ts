/**
 * What a package set's options must be. Each check gives the normal form, or says what it expected: `config-invalid`.
 */
import { MicrovmError } from "../../errors.ts";

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

const OPTIONS = [
  "suite",
  "architecture",
  "components",
  "mirror",
  "updates",
  "security",
  "extraSuites",
  "snapshot",
  "keyring",
  "checkValidUntil",
  "repositories",
  "packages",
  "pins",
  "hold",
  "forbid",
  "recommends",
  "fallbackMirrors",
];

/** Names of suites. */
export const SUITE = /^[a-z][a-z0-9.+-]*(\/[a-z0-9][a-z0-9.+-]*)?$/;
const COMPONENT = /^[a-z][a-z0-9-]*(\/[a-z][a-z0-9-]*)?$/;
/** Debian policy 5.6.1. */
const NAME = /^[a-z0-9][a-z0-9+.-]+$/;
const PATTERN = /^[a-z0-9*?][a-z0-9+.*?-]*$/;
const LOCAL_PATH = /^\.\/(?!(.*\/)?\.\.(\/|$))/;

/** What they must be, in messages. */
export const SUITE_TEXT = 'the name of a suite, for example "trixie"';
const ADDRESS_TEXT = "an http, https or file address";

/** An option of a function, such as `mirror` of `debian()`; `repositories.docker.mirror` for one inside. */
export interface Place {
  readonly owner: string;
  readonly option: string;
}

/** Refuses what is no object, and options that nobody knows. */
export function checkOptions(owner: string, given: unknown): void {
  const place = { owner, option: "" };
  if (!isRecord(given)) throw invalid(place, "an object with suite and architecture", given);
  checkKnown(place, given, OPTIONS);
}

/** A suite's name. */
export function suiteOf(place: Place, value: unknown): string {
  if (typeof value === "string" && SUITE.test(value)) return value;
  throw invalid(place, SUITE_TEXT, value);
}

/** Names of suites. */
export function suitesOf(place: Place, value: unknown): string[] {
  return listOf(place, value, SUITE, 'a list of suites, for example ["trixie-backports"]');
}

/** Debian's name of an architecture. */
export function architectureOf(place: Place, value: unknown): string {
  if (typeof value === "string" && ARCHITECTURES.includes(value)) return value;
  const meant = typeof value === "string" ? FOREIGN_NAMES[value] : undefined;
  const hint = meant === undefined ? undefined : `Did you mean "${meant}"?`;
  throw invalid(place, `one of ${ARCHITECTURES.join(", ")}`, value, hint);
}

/** One component or more. */
export function componentsOf(place: Place, value: unknown): string[] {
  const expected = 'a list of component names, for example ["main"]';
  const found = listOf(place, value, COMPONENT, expected);
  if (found.length === 0) throw invalid(place, expected, value);
  return found;
}

/** Addresses of archives, without slashes at their ends; one may stand without a list. */
export function addressesOf(place: Place, value: unknown): string[] {
  const all = Array.isArray(value) ? value : [value];
  return [...new Set(all.map((one) => addressOf(place, one)))];
}

/** One address or more. */
export function mirrorsOf(place: Place, value: unknown): string[] {
  const found = addressesOf(place, value);
  if (found.length === 0) throw invalid(place, ADDRESS_TEXT, value);
  return found;
}

/** A time of a snapshot service, which needs a mirror. */
export function snapshotOf(place: Place, value: unknown, mirror: unknown): string | null {
  if (value === null) return null;
  if (typeof value !== "string" || !/^\d{8}T\d{6}Z$/.test(value)) {
    throw invalid(place, 'a time like "20250520T000000Z"', value);
  }
  if (mirror === null) {
    const hint = 'Add mirror: "https://MIRROR/archive/debian", the address of a snapshot service';
    throw new MicrovmError("config-invalid", `${place.owner}(): "${place.option}" needs "mirror"`, { hint });
  }
  return value;
}

/** A path or armored text. */
export function keyringOf(place: Place, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalid(place, "the path of a keyring or an armored public key", value);
}

/** True or false. */
export function flagOf(place: Place, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw invalid(place, "true or false", value);
}

/** Names of packages. */
export function namesOf(place: Place, value: unknown): string[] {
  return listOf(place, value, NAME, "a list of package names");
}

/** Names of packages, or patterns. */
export function patternsOf(place: Place, value: unknown): string[] {
  return listOf(place, value, PATTERN, 'a list of package names, which may have "*" and "?"');
}

/** Paths that begin with `./` and do not leave the project's directory. */
export function localPathsOf(place: Place, value: unknown): string[] {
  const example = '["./my.deb", "./debs/"]';
  return listOf(
    place,
    value,
    LOCAL_PATH,
    `a list of paths below the project's directory, for example ${example}`,
  );
}

function listOf(place: Place, value: unknown, form: RegExp, expected: string): string[] {
  const isGood = (item: unknown) => typeof item === "string" && form.test(item);
  if (Array.isArray(value) && value.every(isGood)) return [...new Set<string>(value)];
  throw invalid(place, expected, value);
}

function addressOf(place: Place, value: unknown): string {
  if (typeof value !== "string" || !URL.canParse(value)) throw invalid(place, ADDRESS_TEXT, value);
  const { protocol, search, hash } = new URL(value);
  if (!["http:", "https:", "file:"].includes(protocol) || search !== "" || hash !== "") {
    throw invalid(place, ADDRESS_TEXT, value);
  }
  return value.replace(/\/+$/, "");
}

/** Refuses options that nobody knows. */
export function checkKnown(place: Place, value: object, options: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (options.includes(key)) continue;
    const option = place.option === "" ? key : `${place.option}.${key}`;
    throw invalid({ ...place, option }, `one of the options ${options.join(", ")}`, undefined);
  }
}

/** A place within another. */
export function inside(place: Place, part: string): Place {
  return { ...place, option: `${place.option}${part}` };
}

/** The error of a value that is not what it must be. */
export function invalid(
  { owner, option }: Place,
  expected: string,
  value: unknown,
  hint?: string,
): MicrovmError {
  const found = value === undefined ? "" : `, not ${JSON.stringify(value)}`;
  const what = option === "" ? "its argument" : `"${option}"`;
  return new MicrovmError("config-invalid", `${owner}(): ${what} must be ${expected}${found}`, {
    ...(hint !== undefined && { hint }),
  });
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
