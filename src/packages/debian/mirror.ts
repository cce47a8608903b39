/** Where packages come from: the address that a person gave, else the one that the host's own apt uses. */
import { join } from "node:path";
import { MicrovmError, systemCode } from "../../errors.ts";
import { readdirSync, readTextIfExists } from "../../os/files.ts";
import { type AptSource, parseDeb822Sources, parseSourcesList } from "./apt-sources.ts";
import type { DebianPackageSet, Distribution } from "./package-set.ts";
import { MAIN, SECURITY } from "./sources.ts";

/** Where apt keeps its configuration. */
const APT_DIRECTORY = "/etc/apt";

/** Suites of Debian itself: its code names, and what they are called in turn. Not `-security` nor `-updates`. */
const DEBIAN_SUITE =
  /^(oldoldstable|oldstable|stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky|duke)$/;

/** Suites of Debian's archive of security updates. */
const SECURITY_SUITE = /^[a-z]+(-security|\/updates)$/;

/** Releases of Ubuntu have one word for a name; what follows a dash is a pocket. */
const UBUNTU_SUITE = /^[a-z]+$/;

/**
 * The addresses of one of a set's repositories, to be tried in order, without slashes at their ends and with the
 * snapshot's time when there is one. `aptDirectory` is only read when the set does not name them. Errors:
 * `mirror-unknown`.
 */
export function mirrorsFor(
  set: DebianPackageSet,
  repository: string = MAIN,
  aptDirectory: string = APT_DIRECTORY,
): readonly string[] {
  const other = Object.hasOwn(set.repositories, repository) ? set.repositories[repository] : undefined;
  if (other) return other.mirror;
  const mirrors =
    repository === SECURITY ? securityMirrors(set, aptDirectory) : mainMirrors(set, aptDirectory);
  return set.snapshot === null ? mirrors : mirrors.map((mirror) => `${mirror}/${set.snapshot}`);
}

function mainMirrors({ mirror, type }: DebianPackageSet, aptDirectory: string): readonly string[] {
  return mirror ?? [hostMirror(aptDirectory, type)];
}

/**
 * Debian's security updates are an archive of their own, which mirrors have beside the other as `debian-security`;
 * Ubuntu's are in the same archive.
 */
function securityMirrors(set: DebianPackageSet, aptDirectory: string): readonly string[] {
  if (typeof set.security !== "boolean") return set.security;
  if (set.type === "ubuntu") return mainMirrors(set, aptDirectory);
  const known = set.mirror
    ? set.mirror.flatMap((mirror) => securitySibling(mirror) ?? [])
    : [chooseMirror(readSources(aptDirectory), "debian", SECURITY_SUITE) ?? []].flat();
  if (known.length > 0) return known;
  throw new MicrovmError("mirror-unknown", `No mirror of "${set.suite}-security" is known`, {
    hint: 'Set one: debian({ security: "https://MIRROR/debian-security" }), or do without: security: false',
  });
}

/** The archive of security updates beside a mirror of Debian, if it has the usual name. */
export function securitySibling(mirror: string): string | undefined {
  return /\/debian$/.test(mirror) ? `${mirror}-security` : undefined;
}

/** The address of a file of an archive; `file` is relative to the archive's top, as in its index. */
export function debUrl(mirror: string, file: string): string {
  const path = file.split("/").map(encodeURIComponent).join("/");
  return `${mirror.replace(/\/+$/, "")}/${path}`;
}

/** The mirror that the host's own apt configuration names. Errors: `mirror-unknown`. */
export function hostMirror(aptDirectory: string, distribution: Distribution = "debian"): string {
  const suites = distribution === "debian" ? DEBIAN_SUITE : UBUNTU_SUITE;
  const mirror = chooseMirror(readSources(aptDirectory), distribution, suites);
  if (mirror !== undefined) return mirror;
  const name = distribution === "debian" ? "Debian" : "Ubuntu";
  throw new MicrovmError("mirror-unknown", `No mirror of ${name} is known: "${aptDirectory}" names none`, {
    hint: `Set one: ${distribution}({ mirror: "https://MIRROR/${distribution}" }); for the programs of the host in microvm.vmHostPackages`,
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
 * Other vendors use the same suite names too, so a source must serve `main` of one and show that it is the
 * distribution's: by its keyring, by its file, or by the path of its address. The first of the most certain wins.
 */
function chooseMirror(
  sources: readonly FoundSource[],
  distribution: Distribution,
  suites: RegExp,
): string | undefined {
  let best: { uri: string; score: number } | undefined;
  for (const source of sources) {
    const isUsable = /^(https?|file):/.test(source.uri) && !source.uri.includes("$(");
    const isMeant = source.components.includes("main") && source.suites.some((suite) => suites.test(suite));
    const score = certainty(source, distribution);
    if (isUsable && isMeant && score > (best?.score ?? 0)) best = { uri: source.uri, score };
  }
  return best?.uri.replace(/\/+$/, "");
}

function certainty(source: FoundSource, distribution: Distribution): number {
  const { signedBy, uri, file } = source;
  const signs = signedBy !== undefined && new RegExp(`${distribution}-archive-[^/]*$`).test(signedBy);
  if (signedBy !== undefined && !signs) return 0;
  const hasPath = new RegExp(`/${distribution}(-security)?/*$`).test(uri);
  const hasFile = new RegExp(`^(sources\\.list|sources\\.list\\.d/${distribution}\\.(sources|list))$`).test(
    file,
  );
  return (signs ? 4 : 0) + (hasPath ? 2 : 0) + (hasFile ? 1 : 0);
}
