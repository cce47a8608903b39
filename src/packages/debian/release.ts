/** A suite's signed table of contents, `InRelease`: fetched, its signature, its name and its dates checked. */
import { createHash } from "node:crypto";
import { isAbsolute, join } from "node:path";
import { MicrovmError } from "../../errors.ts";
import { type DownloadOptions, download } from "../../os/http.ts";
import { fieldOf, type Paragraph, parseParagraphs } from "./control.ts";
import { fromMirrors, type MirrorPool, newMirrorPool } from "./mirror-pool.ts";
import { prepareVerifying, verifyClearSigned } from "./signature.ts";
import { type ArchiveSource, isFlat, suiteDirectory } from "./sources.ts";

/** One file that a Release vouches for. */
export interface ReleaseFile {
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** A verified Release. */
export interface Release {
  readonly suite: string;
  readonly codename: string;
  readonly origin: string;
  readonly label: string;
  /** As the archive wrote it, RFC 2822; always readable. */
  readonly date: string;
  /** Of the whole `InRelease`, signatures included. */
  readonly sha256: string;
  /** Whether files can be fetched by their checksum, which never changes under a reader. */
  readonly byHash: boolean;
  /** Its packages are only taken when they are asked for by version or pin, as backports are. */
  readonly notAutomatic: boolean;
  /** Of `notAutomatic`: what is installed from it is kept up to date from it. */
  readonly butAutomaticUpgrades: boolean;
  /** By path relative to the suite's directory, as in `main/binary-amd64/Packages.xz`. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
  /** The mirror that gave it. */
  readonly mirror: string;
}

/** How a Release is fetched and judged. */
export interface FetchReleaseOptions {
  readonly download?: DownloadOptions;
  readonly pool?: MirrorPool;
  /** Where relative paths of keyrings begin. Default: the working directory. */
  readonly projectDirectory?: string;
  /** When its validity is judged; default now. */
  readonly date?: Date;
  /** The `Date` that was seen before: an older one is refused. */
  readonly notBefore?: string | undefined;
}

/** Bytes that an `InRelease` may have; the largest of Debian and Ubuntu have 0.3 MB. */
const MAX_SIZE = 8 * 1024 * 1024;

/**
 * Fetches and verifies a suite's `InRelease` from the first mirror that has a good one. Errors: those of `download`;
 * `signature-invalid`, also for another suite's; `release-outdated` for one past its `Valid-Until` or older than
 * `notBefore`; `index-invalid` for one without a date.
 */
export function fetchRelease(
  source: ArchiveSource,
  mirrors: readonly string[],
  options: FetchReleaseOptions = {},
): Promise<Release> {
  const { pool = newMirrorPool(), download: how } = options;
  const request = { mirrors, what: `suite "${source.suite}"`, pool, signal: how?.signal };
  return fromMirrors(request, (mirror) => fetchFrom(mirror, source, options));
}

async function fetchFrom(
  mirror: string,
  source: ArchiveSource,
  { download: how, projectDirectory = ".", date = new Date(), notBefore }: FetchReleaseOptions,
): Promise<Release> {
  const url = [mirror, suiteDirectory(source), "InRelease"].filter((part) => part !== "").join("/");
  prepareVerifying();
  const message = await download(url, { ...how, expected: { maxSize: MAX_SIZE } });
  const subject = `suite "${source.suite}" of "${mirror}"`;
  const { distribution } = source;
  const keyring = keyringPath(source.keyring, projectDirectory);
  const text = await verifyClearSigned(message.toString(), { subject, keyring, distribution, date });
  const fields: Paragraph = parseParagraphs(text)[0] ?? new Map();
  const release = parseRelease(fields, createHash("sha256").update(message).digest("hex"), mirror);
  checkSuite(source, release);
  if (source.checkValidUntil) checkValidUntil(fields, subject, date);
  checkAge(release, subject, notBefore);
  return release;
}

function keyringPath(keyring: string | null, projectDirectory: string): string | null {
  if (keyring === null || keyring.includes("-----BEGIN PGP") || isAbsolute(keyring)) return keyring;
  return join(projectDirectory, keyring);
}

/** A Release file's content; the signature is the caller's business. */
function parseRelease(fields: Paragraph, sha256: string, mirror: string): Release {
  const files = new Map<string, ReleaseFile>();
  for (const line of (fieldOf(fields, "SHA256") ?? "").split("\n")) {
    const match = /^\s*([0-9a-f]{64})\s+(\d+)\s+(\S+)\s*$/i.exec(line);
    if (match)
      files.set(match[3]!.replace(/^\.\//, ""), { sha256: match[1]!.toLowerCase(), size: Number(match[2]) });
  }
  const text = (name: string) => fieldOf(fields, name) ?? "";
  const isSet = (name: string) => text(name).toLowerCase() === "yes";
  return {
    suite: text("Suite"),
    codename: text("Codename"),
    origin: text("Origin"),
    label: text("Label"),
    date: text("Date"),
    sha256,
    byHash: isSet("Acquire-By-Hash"),
    notAutomatic: isSet("NotAutomatic"),
    butAutomaticUpgrades: isSet("ButAutomaticUpgrades"),
    files,
    mirror,
  };
}

/** A mirror could answer with another suite, signed by the same keys. */
function checkSuite({ suite: asked }: ArchiveSource, { suite, codename, mirror }: Release): void {
  if (isFlat(asked)) return;
  // A suite in parts, `trixie/updates`, carries only the first in its Release.
  const names = [asked, asked.split("/")[0]];
  // Ubuntu's pockets, `noble-updates`, all have the code name of the release.
  const isPocket = suite.startsWith(`${codename}-`) && codename === asked;
  if (names.includes(suite) || (names.includes(codename) && !isPocket)) return;
  throw new MicrovmError(
    "signature-invalid",
    `Asked "${mirror}" for suite "${asked}", found suite "${suite}", code name "${codename}"`,
    { hint: "Use another mirror" },
  );
}

/** A Release that says how long it is valid could otherwise be an old one, replayed. */
function checkValidUntil(fields: Paragraph, subject: string, date: Date): void {
  const until = fieldOf(fields, "Valid-Until");
  if (until === undefined) return;
  const end = Date.parse(until);
  if (end >= date.getTime()) return;
  const said = Number.isNaN(end) ? `an unreadable time "${until}"` : `"${until}"`;
  throw new MicrovmError("release-outdated", `Cannot trust ${subject}: it was valid until ${said}`, {
    hint: "Check this machine's clock, use a mirror that is up to date, or, for an archive that is meant to be old, set checkValidUntil: false",
  });
}

/** Suites without `Valid-Until` are guarded by what the lock has seen. */
function checkAge({ date }: Release, subject: string, notBefore: string | undefined): void {
  const time = Date.parse(date);
  if (Number.isNaN(time)) {
    throw new MicrovmError("index-invalid", `Cannot use ${subject}: its Release has no readable date`, {
      hint: "Use another mirror",
    });
  }
  if (notBefore === undefined || !(time < Date.parse(notBefore))) return;
  throw new MicrovmError(
    "release-outdated",
    `Cannot trust ${subject}: it is of "${date}", and the lock has seen "${notBefore}"`,
    {
      hint: "Use a mirror that is up to date, or go back on purpose: microvm lock --update --allow-downgrade",
    },
  );
}
