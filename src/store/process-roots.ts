/** What running programs make use of, as far as this user may see it: VMs that were started by hand, above all. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "../os/files.ts";
import type { Root } from "./roots.ts";

/** A store path's name wherever it stands in a text. */
const MENTION = /(?<![0-9a-z])[0-9a-hjkmnp-tv-z]{32}-[A-Za-z0-9+._?=-]+/g;

/**
 * The names among `known` that a process has in its command line, its mapped files, its program or its open files,
 * if that speaks of this store at all: what a guest is told of its layers are names without a directory, and another
 * store may have the same.
 */
export function processRoots(storeDirectory: string, known: ReadonlySet<string>, proc = "/proc"): Root[] {
  const places = [storeDirectory, attempt(() => realpathSync(storeDirectory))].filter(
    (place) => place !== "",
  );
  const roots: Root[] = [];
  for (const pid of readdirSync(proc)) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    const texts = [...readable(`${proc}/${pid}`)];
    if (!texts.some((text) => places.some((place) => text.includes(`${place}/`)))) continue;
    const mentioned = new Set(texts.flatMap((text) => text.match(MENTION) ?? []));
    for (const name of mentioned) if (known.has(name)) roots.push({ name, source: `process ${pid}` });
  }
  return roots;
}

function* readable(process: string): Generator<string> {
  for (const file of ["cmdline", "maps"]) yield attempt(() => readFileSync(`${process}/${file}`, "utf8"));
  for (const link of ["exe", "cwd"]) yield attempt(() => readlinkSync(`${process}/${link}`));
  for (const fd of attemptList(() => readdirSync(`${process}/fd`))) {
    yield attempt(() => readlinkSync(`${process}/fd/${fd}`));
  }
}

/** Processes end while they are looked at, and other users' may not be. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function attemptList(read: () => string[]): string[] {
  try {
    return read();
  } catch {
    return [];
  }
}
