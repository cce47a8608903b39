/**
 * Claims: who makes which path, by building, fetching or importing it. A claim is a second name, `.locks/<path>`, of
 * its owner's file of temporary roots, which is locked while the owner lives. It costs no lock of its own, so that
 * hundreds of small files are fetched without a process for each.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { systemCode } from "../errors.ts";
import { linkSync, lstatSync, rmSync } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { storeNames } from "../paths.ts";
import type { TemporaryRoots } from "./temporary-roots.ts";

/** Milliseconds between two looks at somebody else's claim, and at every how manieth its owner is looked for. */
const INTERVAL = 50;
const PATIENCE = 20;

/** How a claim is waited for. */
interface ClaimOptions {
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once when another process has it. */
  readonly onWait?: () => void;
}

/**
 * Waits until no living process makes this path, and claims it. Disposing of the result gives it up. Names must have
 * been added to the roots before.
 */
export async function claimPath(
  storeDirectory: string,
  name: string,
  roots: TemporaryRoots,
  { signal, onWait }: ClaimOptions = {},
): Promise<Disposable> {
  const claim = join(storeDirectory, storeNames.locks, name);
  const own = await roots.file();
  for (let looks = 0; !tryLink(own, claim); looks++) {
    // What a crash left says nothing of waiting.
    if (looks % PATIENCE === 0 && (await removeDead(claim))) continue;
    if (looks === 0) onWait?.();
    await setTimeout(INTERVAL, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
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

/** Whether the claim was a dead owner's. Only who has its file locked removes it, and only that file's name. */
async function removeDead(claim: string): Promise<boolean> {
  const inodeOf = () => lstatSync(claim, { throwIfNoEntry: false })?.ino;
  const inode = inodeOf();
  const lock = await lockFile(claim, { wait: false });
  if (!lock) return false;
  const isDead = inode === inodeOf();
  if (isDead) rmSync(claim, { force: true });
  await lock.release();
  return isDead;
}
