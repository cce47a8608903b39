/** The tree of a commit in the store: named by the commit's hash, so that it is the same wherever it was fetched. */
import { dirname, join } from "node:path";
import { MicrovmError } from "../../errors.ts";
import { mkdirSync, writeFileSync } from "../../os/files.ts";
import type { BuildJob } from "../../store/builder.ts";
import type { Recipe } from "../../store/recipe.ts";
import { gitInside } from "./git.ts";
import { mirrorWith } from "./mirror.ts";
import { type TreeEntry, withoutLinks } from "./tree-links.ts";
import { isInnerDirectory, isPlainText } from "./words.ts";

/** Contents are read from git in batches of about so many bytes. */
const BATCH = 32 * 1024 * 1024;

/** What makes the tree of a commit. */
export function sourceRecipe(rev: string): Recipe {
  return { kind: "git-source", version: 1, name: "source", params: { rev }, inputs: {} };
}

/**
 * Writes the tree of a commit that a mirror of the store has. Contents are as git keeps them: no attribute of the
 * repository changes them, no filter runs. Errors: `reference-not-found` when no mirror has the commit, and for trees
 * that cannot be used.
 */
export async function buildGitSource(job: BuildJob): Promise<void> {
  const { rev } = job.params as { readonly rev: string };
  const mirror = await mirrorWith(job.path(""), rev);
  if (mirror === undefined) {
    throw new MicrovmError(
      "reference-not-found",
      `No fetched repository of this store has the commit "${rev}"`,
      {
        hint: "Fetch it: build the project that it belongs to",
      },
    );
  }
  const entries = await listTree(mirror, rev);
  const plain = withoutLinks(entries, await linkTargets(mirror, entries));
  mkdirSync(job.out);
  for (const { path } of plain.filter(({ kind }) => kind === "submodule")) {
    mkdirSync(join(job.out, path), { recursive: true });
  }
  const files = plain.filter(({ kind }) => kind !== "submodule");
  await readContents(mirror, files, ({ path, kind }, content) => {
    job.signal.throwIfAborted();
    const place = join(job.out, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content, { flag: "wx", mode: kind === "program" ? 0o755 : 0o644 });
  });
}

/** When a commit was made, in seconds since 1970. */
export async function commitTime(storeDirectory: string, rev: string): Promise<number | undefined> {
  const mirror = await mirrorWith(storeDirectory, rev);
  if (mirror === undefined) return undefined;
  const { stdout } = await gitInside(mirror, ["show", "--no-patch", "--format=%ct", `${rev}^{commit}`]);
  return Number(stdout.toString().trim());
}

const KINDS: Readonly<Record<string, TreeEntry["kind"]>> = {
  "100644": "file",
  // Written by early versions of git.
  "100664": "file",
  "100755": "program",
  "120000": "link",
  "160000": "submodule",
};

async function listTree(mirror: string, rev: string): Promise<readonly TreeEntry[]> {
  const { code, stdout, said } = await gitInside(mirror, ["ls-tree", "-r", "-l", "-z", "--full-tree", rev]);
  if (code !== 0) throw new Error(`git ls-tree: ${said}`);
  return decodeNames(stdout, rev)
    .split("\0")
    .filter(Boolean)
    .map((line) => {
      const [, mode = "", hash = "", size = "", path = ""] =
        /^(\d{6}) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
      const kind = KINDS[mode];
      if (kind === undefined || !isInnerDirectory(path) || !isPlainText(path)) {
        throw unusable(rev, `it has an entry that is no plain file, "${path}"`);
      }
      return { path, kind, hash, size: size === "-" ? 0 : Number(size) };
    });
}

function decodeNames(bytes: Buffer, rev: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw unusable(rev, "it has a file name that is not UTF-8");
  }
}

function unusable(rev: string, why: string): MicrovmError {
  return new MicrovmError("reference-not-found", `The tree of the commit "${rev}" cannot be used: ${why}`, {
    hint: "Rename or remove it there",
  });
}

async function linkTargets(
  mirror: string,
  entries: readonly TreeEntry[],
): Promise<ReadonlyMap<string, string>> {
  const targets = new Map<string, string>();
  const links = entries.filter(({ kind }) => kind === "link");
  await readContents(mirror, links, ({ path }, content) => targets.set(path, content.toString()));
  return targets;
}

/** Hands on the content of each entry, in their order. */
async function readContents(
  mirror: string,
  entries: readonly TreeEntry[],
  take: (entry: TreeEntry, content: Buffer) => void,
): Promise<void> {
  for (const batch of batches(entries)) {
    const input = batch.map(({ hash }) => `${hash}\n`).join("");
    const { stdout } = await gitInside(mirror, ["cat-file", "--batch"], { input });
    let at = 0;
    for (const entry of batch) {
      const header = `${entry.hash} blob ${entry.size}\n`;
      if (stdout.toString("latin1", at, at + header.length) !== header) {
        throw new Error(`git cat-file did not give "${entry.path}"`);
      }
      at += header.length;
      take(entry, stdout.subarray(at, at + entry.size));
      at += entry.size + 1;
    }
  }
}

function* batches(entries: readonly TreeEntry[]): Generator<readonly TreeEntry[]> {
  let batch: TreeEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    batch.push(entry);
    bytes += entry.size;
    if (bytes < BATCH && batch.length < 10_000) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
