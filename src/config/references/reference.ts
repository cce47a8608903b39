/** References: the text that says where a project is, as a typed value and back. Pure. */
import { MicrovmError } from "../../errors.ts";
import { decoded, encodedPath, encodedQuery, isInnerDirectory, isPlainText, isRefName } from "./words.ts";

/** What every reference may say. */
interface Place {
  /** The directory with the project file, below the tree's top: no empty, `.` or `..` part. Absent: the top. */
  readonly dir?: string;
  /** What stood after `#`: one of its VMs, or one of its hosts. */
  readonly name?: string;
}

/** A directory or a project file of this machine, that stays where it is. */
export interface PathReference extends Place {
  readonly type: "path";
  /** As it was given: absolute, or relative to the working directory. */
  readonly path: string;
}

/** A commit of a git repository. */
export interface GitReference extends Place {
  readonly type: "git";
  readonly transport: "file" | "http" | "https" | "ssh";
  /** What git is told; without parameters, percent-encoded. */
  readonly url: string;
  /** A branch or a tag, or a whole name that begins with `refs/`. Absent: what the repository's `HEAD` names. */
  readonly ref?: string;
  /** The commit's whole hash, 40 or 64 lower-case hexadecimal digits. */
  readonly rev?: string;
}

/** Where a project is. Other kinds come to stand beside these. */
export type Reference = PathReference | GitReference;

const KINDS =
  'Supported are a path, "path:/DIRECTORY", "git+file:///DIRECTORY", "git+https://HOST/REPOSITORY" and "git+ssh://USER@HOST/REPOSITORY"';

/** `git+` and its URL: transport, authority, path. */
const GIT_URL = /^git\+(file|https|http|ssh):\/\/([^/]*)(\/.*)$/;

/** A user, a host by name or in brackets by IPv6 address, a port. No part can be taken for an option. */
const AUTHORITY = /^(?:\w[\w.+-]*@)?([A-Za-z0-9](?:[A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Hosts that plain HTTP is allowed to: nobody stands between. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/**
 * Reads a reference. A plain path is taken as it is, but for `#NAME` and `?dir=` behind it; in every other kind, what
 * is special is percent-encoded. Errors: `reference-invalid`; `unsupported` for kinds that other programs know.
 */
export function parseReference(text: string): Reference {
  if (!isPlainText(text)) throw invalid(text, "it has a control character");
  const [, body = "", name] = /^(.*?)(?:#([^#]*))?$/s.exec(text)!;
  const place = name ? { name } : {};
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(body)?.[1];
  if (scheme === undefined) return { type: "path", ...plainPath(text, body), ...place };
  const [, address = "", query] = /^([^?]*)(?:\?(.*))?$/s.exec(body)!;
  if (scheme === "path") {
    const { dir } = parameters(text, query, ["dir"]);
    const path = decodedPart(text, address.slice("path:".length));
    if (path === "") throw invalid(text, "it names no directory");
    return { type: "path", path, ...(dir !== undefined && { dir }), ...place };
  }
  const git = GIT_URL.exec(address);
  if (git === null) throw refuseKind(text, scheme);
  const [, transport, authority, path] = git as unknown as [
    string,
    GitReference["transport"],
    string,
    string,
  ];
  const url = `${transport}://${checkAuthority(text, transport, authority)}${checkPath(text, path)}`;
  return { type: "git", transport, url, ...parameters(text, query, ["dir", "ref", "rev"]), ...place };
}

/** The text of a reference: equal references have equal texts. It is read back as the same reference. */
export function formatReference(reference: Reference): string {
  const { dir, name } = reference;
  const address = reference.type === "git" ? `git+${reference.url}` : `path:${encodedPath(reference.path)}`;
  const all = reference.type === "git" ? { dir, ref: reference.ref, rev: reference.rev } : { dir };
  const query = Object.entries(all).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodedQuery(value)}`],
  );
  return `${address}${query.length > 0 ? `?${query.join("&")}` : ""}${name === undefined ? "" : `#${name}`}`;
}

/** The same place without the choice of a VM. */
export function withoutName<R extends Reference>({ name: _, ...reference }: R): Omit<R, "name"> & R {
  return reference as Omit<R, "name"> & R;
}

/** A path may hold anything, so only `?dir=` at its end is looked for. */
function plainPath(text: string, body: string): Pick<PathReference, "path" | "dir"> {
  const [, path = "", query] = /^(.*?)(?:\?(dir=.*))?$/s.exec(body)!;
  const { dir } = parameters(text, query, ["dir"]);
  return { path: path || ".", ...(dir !== undefined && { dir }) };
}

const CHECKS = {
  dir: [isInnerDirectory, 'must be a directory below the top, without an empty, "." or ".." part'],
  ref: [isRefName, "is not the name of a branch or tag"],
  rev: [
    (rev: string) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(rev),
    "must be a commit's whole hash, 40 or 64 hexadecimal digits in lower case",
  ],
} as const;

type Parameter = keyof typeof CHECKS;

function parameters<P extends Parameter>(
  text: string,
  query: string | undefined,
  known: readonly P[],
): { readonly [K in P]?: string } {
  const found: { [K in P]?: string } = {};
  for (const pair of query ? query.split("&") : []) {
    const [key = "", ...rest] = pair.split("=");
    if (!known.includes(key as P)) {
      throw invalid(text, `it has the unknown parameter "${key}"`, `Known are "${known.join('", "')}"`);
    }
    if (found[key as P] !== undefined) throw invalid(text, `it has "${key}" twice`);
    const value = decodedPart(text, rest.join("="));
    const [isValid, must] = CHECKS[key as P];
    if (!isValid(value)) throw invalid(text, `its ${key} "${value}" ${must}`);
    found[key as P] = value;
  }
  return found;
}

function checkAuthority(text: string, transport: GitReference["transport"], authority: string): string {
  if (transport === "file") {
    if (authority === "") return "";
    throw invalid(text, `"${authority}" is taken for a host`, "Write three slashes: git+file:///DIRECTORY");
  }
  if (/:[^@]*@/.test(authority)) {
    throw invalid(
      text.replace(authority, authority.replace(/:[^@]*@/, ":…@")),
      "it has a password, which would get into locks and logs",
      "Leave it out, and let git ask a credential helper",
    );
  }
  const host = AUTHORITY.exec(authority)?.[1];
  if (host === undefined) throw invalid(text, `"${authority}" is no host`);
  if (transport === "http" && !LOOPBACK.test(host)) {
    throw invalid(text, "plain HTTP lets anybody on the way replace the project", "Write git+https://");
  }
  return authority;
}

function checkPath(text: string, path: string): string {
  const plain = decodedPart(text, path);
  const trimmed = plain.replace(/\/+$/, "");
  if (trimmed === "") throw invalid(text, "it names no repository");
  if (!isInnerDirectory(trimmed.slice(1))) throw invalid(text, 'its path has an empty, "." or ".." part');
  return encodedPath(trimmed);
}

function decodedPart(text: string, part: string): string {
  const plain = decoded(part);
  if (plain === undefined) throw invalid(text, "its percent-encoding is damaged");
  if (!isPlainText(plain)) throw invalid(text, "it has a control character");
  return plain;
}

/** A kind that is none of ours: one that is planned or known elsewhere, or a slip. */
function refuseKind(text: string, scheme: string): MicrovmError {
  if (/^git\+(file|https|http|ssh)$/.test(scheme)) {
    return invalid(text, "it names no repository", KINDS);
  }
  if (["ssh", "git"].includes(scheme) || text.includes("::")) {
    return unsupported(text, `"${scheme}:" is not supported`);
  }
  return unsupported(text, `references of the kind "${scheme}:" are not supported yet`);
}

function unsupported(text: string, why: string): MicrovmError {
  return new MicrovmError("unsupported", `Cannot use the reference "${shown(text)}": ${why}`, {
    hint: `${KINDS}. Of a path with a colon, write "./" in front`,
  });
}

function invalid(text: string, why: string, hint?: string): MicrovmError {
  return new MicrovmError("reference-invalid", `Cannot read the reference "${shown(text)}": ${why}`, {
    hint: hint ?? "See docs/references.md for how references are written",
  });
}

/** What a terminal would obey is shown as its code. */
function shown(text: string): string {
  return text.replace(
    /[\x00-\x1f\x7f-\x9f]/g,
    (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
