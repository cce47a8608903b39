/**
 * Claims: who fetches which file. A claim is a second name, `.locks/fetch-<path>`, of its owner's file of
 * temporary roots, which is locked while the owner lives. It costs no lock of its own, so that hundreds of small
 * files are fetched without a process for each. When two take over a dead owner's claim at the same instant,
 * both fetch, and the later file replaces its equal.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { systemCode } from "../errors.ts";
import { linkSync, rmSync } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { storeNames } from "../paths.ts";
import type { TemporaryRoots } from "./temporary-roots.ts";

/** Milliseconds between two looks at somebody else's claim, and how many looks until its owner is looked for. */
const INTERVAL = 50;
const PATIENCE = 20;

/** What is fetched by whom. */
interface Claimed {
  readonly storeDirectory: string;
  readonly name: string;
  readonly roots: TemporaryRoots;
  readonly signal: AbortSignal;
  /** Called once when another process has it. */
  readonly onWait: () => void;
}

/** Waits until no living process fetches this path, and claims it. Disposing of the result gives it up. */
export async function claimFetch(claimed: Claimed): Promise<Disposable> {
  const { storeDirectory, name, roots, signal, onWait } = claimed;
  const claim = join(storeDirectory, storeNames.locks, `fetch-${name}`);
  const own = await roots.file();
  if (own === undefined) throw new Error("A fetch needs temporary roots");
  for (let looks = 0; !tryLink(own, claim); looks++) {
    if (looks === 0) onWait();
    if (looks % PATIENCE === PATIENCE - 1) await removeDead(claim);
    await setTimeout(INTERVAL, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  return { [Symbol.dispose]: () => rmSync(claim, { force: true }) };
}

function tryLink(own: string, claim: string): boolean {
  try {
    linkSync(own, claim);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function removeDead(claim: string): Promise<void> {
  const lock = await lockFile(claim, { wait: false });
  if (!lock) return;
  rmSync(claim, { force: true });
  await lock.release();
}
