/** A suite's signed table of contents, `InRelease`: fetched, its signature and its dates checked. */
import { createHash } from "node:crypto";
import { MicrovmError } from "../../errors.ts";
import { type DownloadOptions, download } from "../../os/http.ts";
import { fieldOf, type Paragraph, parseParagraphs } from "./control.ts";
import type { DebianPackageSet } from "./package-set.ts";
import { verifyClearSigned } from "./signature.ts";

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
  /** As the archive wrote it, RFC 2822. */
  readonly date: string;
  /** Of the whole `InRelease`, signatures included. */
  readonly sha256: string;
  /** Whether files can be fetched by their checksum, which never changes under a reader. */
  readonly byHash: boolean;
  /** By path relative to the suite's directory, as in `main/binary-amd64/Packages.xz`. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

/** How a Release is fetched and judged. */
export interface FetchReleaseOptions extends DownloadOptions {
  /** When its validity is judged; default now. */
  readonly date?: Date;
}

/**
 * Fetches and verifies a suite's `InRelease`. Errors: those of `download`, `signature-invalid` (which an
 * expired or a different suite's Release is, too).
 */
export async function fetchRelease(
  set: DebianPackageSet,
  mirror: string,
  options: FetchReleaseOptions = {},
): Promise<Release> {
  const message = await download(`${mirror}/dists/${set.suite}/InRelease`, options);
  const date = options.date ?? new Date();
  const subject = `suite "${set.suite}" of "${mirror}"`;
  const text = await verifyClearSigned(message.toString(), { subject, keyring: set.keyring, date });
  const release = parseRelease(text, createHash("sha256").update(message).digest("hex"));
  checkSuite(set, release, mirror);
  if (set.snapshot === null) checkDate(text, subject, date);
  return release;
}

/** A Release file's content; the signature is the caller's business. */
function parseRelease(text: string, sha256: string): Release {
  const fields: Paragraph = parseParagraphs(text)[0] ?? new Map();
  const files = new Map<string, ReleaseFile>();
  for (const line of (fieldOf(fields, "SHA256") ?? "").split("\n")) {
    const [hash, size, path] = line.trim().split(/\s+/);
    if (hash && size && path) files.set(path, { sha256: hash.toLowerCase(), size: Number(size) });
  }
  return {
    suite: fieldOf(fields, "Suite") ?? "",
    codename: fieldOf(fields, "Codename") ?? "",
    date: fieldOf(fields, "Date") ?? "",
    sha256,
    byHash: fieldOf(fields, "Acquire-By-Hash") === "yes",
    files,
  };
}

/** A mirror could answer with another suite, signed by the same keys. */
function checkSuite(set: DebianPackageSet, release: Release, mirror: string): void {
  // A suite in parts, `trixie/updates`, carries only the first in its Release.
  const asked = [set.suite, set.suite.split("/")[0]];
  if (asked.includes(release.suite) || asked.includes(release.codename)) return;
  throw new MicrovmError(
    "signature-invalid",
    `Asked "${mirror}" for suite "${set.suite}", found suite "${release.suite}", code name "${release.codename}"`,
    { hint: "Use another mirror" },
  );
}

/** A Release that says how long it is valid could otherwise be an old one, replayed. */
function checkDate(text: string, subject: string, date: Date): void {
  const until = fieldOf(parseParagraphs(text)[0] ?? new Map(), "Valid-Until");
  if (until === undefined) return;
  const end = Date.parse(until);
  if (end >= date.getTime()) return;
  const said = Number.isNaN(end) ? `an unreadable time "${until}"` : `"${until}"`;
  throw new MicrovmError("signature-invalid", `Cannot trust ${subject}: it was valid until ${said}`, {
    hint: "Check this machine's clock, or use a mirror that is up to date",
  });
}
