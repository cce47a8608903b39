/** Where packages come from: the address that a person gave, else the one that the host's own apt uses. */
import { join } from "node:path";
import { MicrovmError, systemCode } from "../../errors.ts";
import { readdirSync, readTextIfExists } from "../../os/files.ts";
import { type AptSource, parseDeb822Sources, parseSourcesList } from "./apt-sources.ts";
import type { DebianPackageSet } from "./package-set.ts";

/** Where apt keeps its configuration. */
const APT_DIRECTORY = "/etc/apt";

/** Suites of Debian itself: its code names, and what they are called in turn. Not `-security` nor `-updates`. */
const DEBIAN_SUITE =
  /^(oldoldstable|oldstable|stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky|duke)$/;

/**
 * The archive's address for a package set, without a slash at its end and with the snapshot's time when
 * there is one. `aptDirectory` is only read when the set names no mirror. Errors: `mirror-unknown`.
 */
export function mirrorFor(
  set: Pick<DebianPackageSet, "mirror" | "snapshot">,
  aptDirectory: string = APT_DIRECTORY,
): string {
  const mirror = set.mirror ?? hostMirror(aptDirectory);
  return set.snapshot === null ? mirror : `${mirror}/${set.snapshot}`;
}

/** The address of a file of an archive; `file` is relative to the archive's top, as in its index. */
export function debUrl(mirror: string, file: string): string {
  const path = file.split("/").map(encodeURIComponent).join("/");
  return `${mirror.replace(/\/+$/, "")}/${path}`;
}

/** The mirror that the host's own apt configuration names. Errors: `mirror-unknown`. */
export function hostMirror(aptDirectory: string): string {
  const mirror = chooseMirror(readSources(aptDirectory));
  if (mirror !== undefined) return mirror;
  throw new MicrovmError("mirror-unknown", `No mirror of Debian is known: "${aptDirectory}" names none`, {
    hint: 'Set one: debian({ mirror: "https://MIRROR/debian" })',
  });
}

/** A source and the name of the file that it stands in. */
type FoundSource = AptSource & { readonly file: string };

function readSources(aptDirectory: string): readonly FoundSource[] {
  const files = ["sources.list", ...listParts(aptDirectory)];
  return files.flatMap((file) => {
    const text = readTextIfExists(join(aptDirectory, file));
    if (text === undefined) return [];
    const sources = file.endsWith(".sources") ? parseDeb822Sources(text) : parseSourcesList(text);
    return sources.map((source) => ({ ...source, file }));
  });
}

function listParts(aptDirectory: string): readonly string[] {
  const directory = "sources.list.d";
  try {
    return readdirSync(join(aptDirectory, directory))
      .filter((name) => /\.(list|sources)$/.test(name))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

/**
 * Other vendors use Debian's suite names too, so a source must serve `main` of one and show that it is
 * Debian's: by its keyring, by its file, or by the path of its address. The first of the most certain wins.
 */
function chooseMirror(sources: readonly FoundSource[]): string | undefined {
  let best: { uri: string; score: number } | undefined;
  for (const source of sources) {
    const isUsable = /^(https?|file):/.test(source.uri) && !source.uri.includes("$(");
    const isDebian =
      source.components.includes("main") && source.suites.some((suite) => DEBIAN_SUITE.test(suite));
    const score = certainty(source);
    if (isUsable && isDebian && score > (best?.score ?? 0)) best = { uri: source.uri, score };
  }
  return best?.uri.replace(/\/+$/, "");
}

function certainty(source: FoundSource): number {
  const signedByOther = source.signedBy !== undefined && !/debian-archive-[^/]*$/.test(source.signedBy);
  if (signedByOther) return 0;
  const hasKeyring = source.signedBy !== undefined;
  const hasPath = /\/debian\/*$/.test(source.uri);
  const hasFile = /^(sources\.list|sources\.list\.d\/debian\.(sources|list))$/.test(source.file);
  return (hasKeyring ? 4 : 0) + (hasPath ? 2 : 0) + (hasFile ? 1 : 0);
}
