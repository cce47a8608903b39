/**
 * The host's git. It is told nothing that a repository could make use of: no hooks, no filters, no submodules, no
 * transports that start programs. What the person set up to reach a server is theirs and stays: keys, credential
 * helpers, proxies, certificates.
 */
import { MicrovmError } from "../../errors.ts";
import { printable } from "../../os/printable.ts";
import { lastLines, quoteWord, runToEnd } from "../../os/processes.ts";
import { asOutsideUser } from "../../os/user-namespace.ts";
import type { GitReference } from "./reference.ts";
import { decoded } from "./words.ts";

/** How git is run. */
interface GitOptions {
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  /** What it said beside, without control characters. */
  readonly said: string;
}

/** How many lines of what git said an error shows. */
const SHOWN_LINES = 6;

/** A server that sends nothing for so many seconds is given up. */
const PATIENCE = 60;

const LOCKED_DOWN = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.attributesFile=/dev/null",
  "gc.auto=0",
  "maintenance.auto=false",
  "fetch.writeCommitGraph=false",
  "submodule.recurse=false",
  "http.lowSpeedLimit=1",
  `http.lowSpeedTime=${PATIENCE}`,
].flatMap((setting) => ["-c", setting]);

/** Of git's own variables, those that say how a server is reached; the others would change what a command does. */
const KEPT_VARIABLES =
  /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|SSL_\w+|PROXY_\w+|HTTP_\w+|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+))$/;

/** What each transport may turn into, by a redirection or by the person's own `insteadOf`. */
const ALLOWED: Readonly<Record<GitReference["transport"], string>> = {
  file: "file",
  http: "http:https:ssh",
  https: "https:ssh",
  ssh: "ssh:https",
};

/** Runs git on a repository of the program's own, where nothing of the person's configuration counts. */
export function gitInside(
  directory: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult> {
  const env = {
    ...environment(),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ALLOW_PROTOCOL: "",
  };
  return runGit(["--git-dir", directory, ...args], env, options);
}

/** Runs git against the repository of a reference, in a repository of the program's own when one is needed. */
export function gitOutside(
  { transport }: GitReference,
  directory: string | undefined,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult> {
  const env = { ...environment(), GIT_ALLOW_PROTOCOL: ALLOWED[transport] };
  return runGit([...(directory === undefined ? [] : ["--git-dir", directory]), ...args], env, options);
}

/** Runs git in a directory of the person's own, only to look at it. */
export function gitLook(
  directory: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult> {
  const env = { ...environment(), GIT_OPTIONAL_LOCKS: "0", GIT_ALLOW_PROTOCOL: "" };
  return runGit(["-C", directory, ...args], env, options);
}

async function runGit(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { input, signal }: GitOptions,
): Promise<GitResult> {
  const command = [...asOutsideUser(), "git", ...LOCKED_DOWN, ...args];
  const { code, stdout, stderr } = await runToEnd(command, {
    env,
    endsWithUs: true,
    ...(input !== undefined && { input }),
    ...(signal && { signal }),
  });
  const said = printable(stderr.toString()).trim();
  if (/^(?:setpriv|unshare): failed to execute git:/m.test(said)) throw gitMissing();
  return { code, stdout, said };
}

function gitMissing(): MicrovmError {
  return new MicrovmError("tool-missing", 'Cannot fetch a project: "git" is not on PATH', {
    hint: 'Install the package "git", or name a project that is on this machine by its path',
  });
}

function environment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && (!name.startsWith("GIT_") || KEPT_VARIABLES.test(name)),
  ) as [string, string][];
  return {
    ...Object.fromEntries(kept),
    // What git says is looked at.
    LC_ALL: "C",
    ...(process.stdin.isTTY ? {} : { GIT_TERMINAL_PROMPT: "0" }),
  };
}

/** The error of a command that talked to a reference's repository, by what git said. */
export function explainGit(reference: GitReference, { said }: GitResult): MicrovmError {
  const { transport, url } = reference;
  if (/dubious ownership/.test(said)) {
    return new MicrovmError("permission-denied", `Cannot read "${url}": it belongs to another user`, {
      hint: `Let git trust it: git config --global --add safe.directory ${quoteWord(decoded(url.slice("file://".length))!)}`,
    });
  }
  const isMissing = /does not appear to be a git repository|repository .* not found/i.test(said);
  if (isMissing && (transport !== "ssh" || /does not appear/.test(said))) {
    return new MicrovmError("reference-not-found", `There is no git repository at "${url}"${quoted(said)}`, {
      hint: transport === "file" ? "For a directory without git, name it by its path" : "Check the address",
    });
  }
  return new MicrovmError("repository-unreachable", `Cannot read "${url}"${quoted(said)}`, {
    hint: `Check the network, the address and your rights: git ls-remote ${quoteWord(url)}`,
  });
}

function quoted(said: string): string {
  return said === "" ? "" : `; git said:\n${lastLines(said, SHOWN_LINES)}`;
}
