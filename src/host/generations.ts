/**
 * Generations: `<state>/.generations/<number>` links to what a switch made, `current` to the number that is in force.
 * While a generation is put in force, `pending` says which one it was before:
 *
 *     version 1
 *     former 3      none: 0
 *     target 4
 *     created 4     the target, when it goes away with a failure; absent when it was there before
 */
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import {
  accessSync,
  fsConstants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  readTextIfExists,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileAtomically,
} from "../os/files.ts";
import { syncDirectory } from "../os/sync.ts";
import { GENERATIONS_DIRECTORY, generationNames } from "../paths.ts";

/** One result of a switch. */
export interface Generation {
  readonly number: number;
  /** Its store path; undefined when that is gone. */
  readonly path: string | undefined;
  /** When it was made, in milliseconds since 1970. */
  readonly made: number;
  readonly isCurrent: boolean;
}

/** A change of generation that was not finished. */
export interface Pending {
  /** The generation before; 0 when there was none. */
  readonly former: number;
  /** The one that was to be in force. */
  readonly target: number;
  /** Whether the change made it. */
  readonly isNew: boolean;
}

/** All generations of a state directory, oldest first. */
export function listGenerations(stateDirectory: string): Generation[] {
  const current = currentNumber(stateDirectory);
  return entries(stateDirectory)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
    .map((number) => {
      const link = linkOf(stateDirectory, String(number));
      return {
        number,
        path: follow(link),
        made: lstatSync(link).mtimeMs,
        isCurrent: number === current,
      };
    });
}

/** The number of the generation in force; 0 when there is none. */
export function currentNumber(stateDirectory: string): number {
  try {
    const number = Number(readlinkSync(linkOf(stateDirectory, generationNames.current)));
    return Number.isInteger(number) ? number : 0;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EINVAL"].includes(systemCode(error) ?? "")) return 0;
    throw error;
  }
}

/** The store path of a generation; undefined when either is gone. */
export function generationPath(stateDirectory: string, number: number): string | undefined {
  return follow(linkOf(stateDirectory, String(number)));
}

/** Links a host's store path as the next generation. */
export function addGeneration(stateDirectory: string, path: string): number {
  const number = 1 + Math.max(0, ...listGenerations(stateDirectory).map((one) => one.number));
  symlinkSync(path, linkOf(stateDirectory, String(number)));
  return number;
}

/** Forgets a generation. */
export function removeGeneration(stateDirectory: string, number: number): void {
  rmSync(linkOf(stateDirectory, String(number)), { force: true });
}

/** Says which generation is in force; 0 is none. */
export function setCurrent(stateDirectory: string, number: number): void {
  if (number !== 0 && currentNumber(stateDirectory) === number) return;
  const link = linkOf(stateDirectory, generationNames.current);
  if (number === 0) rmSync(link, { force: true });
  else {
    const temporary = `${link}.new`;
    rmSync(temporary, { force: true });
    symlinkSync(String(number), temporary);
    renameSync(temporary, link);
  }
  syncDirectory(directoryOf(stateDirectory));
}

/** The change that was cut off, if any. */
export function readPending(stateDirectory: string): Pending | undefined {
  const text = readTextIfExists(linkOf(stateDirectory, generationNames.pending));
  if (text === undefined) return undefined;
  const fields = new Map(text.split("\n").map((line) => line.split(" ") as [string, string]));
  return {
    former: Number(fields.get("former") ?? 0),
    target: Number(fields.get("target") ?? 0),
    isNew: fields.has("created"),
  };
}

/** Says that a change begins, on the disk before anything else is. */
export function writePending(stateDirectory: string, { former, target, isNew }: Pending): void {
  const lines = [
    "version 1",
    `former ${former}`,
    `target ${target}`,
    ...(isNew ? [`created ${target}`] : []),
  ];
  writeFileAtomically(linkOf(stateDirectory, generationNames.pending), `${lines.join("\n")}\n`);
  syncDirectory(directoryOf(stateDirectory));
}

/** Says that the change is finished, or undone. */
export function removePending(stateDirectory: string): void {
  rmSync(linkOf(stateDirectory, generationNames.pending), { force: true });
  syncDirectory(directoryOf(stateDirectory));
}

/** The file that is locked by who changes the host. The directory is made. */
export function lockPath(stateDirectory: string): string {
  mkdirSync(directoryOf(stateDirectory), { recursive: true, mode: 0o755 });
  accessSync(directoryOf(stateDirectory), fsConstants.W_OK | fsConstants.X_OK);
  return linkOf(stateDirectory, generationNames.lock);
}

function directoryOf(stateDirectory: string): string {
  return join(stateDirectory, GENERATIONS_DIRECTORY);
}

function linkOf(stateDirectory: string, name: string): string {
  return join(directoryOf(stateDirectory), name);
}

function entries(stateDirectory: string): string[] {
  try {
    return readdirSync(directoryOf(stateDirectory));
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

function follow(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}
