/** The memory of a command's processes. */
import { readdirSync, readFileSync } from "../src/os/files.ts";

/** Milliseconds between two looks. */
const INTERVAL = 10;

/** Looks at a process and its descendants until it is told to stop. What they share counts in each of them. */
export function watchMemory(pid: number): { readonly stop: () => void; readonly mebibytes: () => number } {
  let largest = 0;
  const look = () => {
    largest = Math.max(largest, residentKibibytes(pid));
  };
  const timer = setInterval(look, INTERVAL);
  return { stop: () => clearInterval(timer), mebibytes: () => largest / 1024 };
}

/** Of a process and its descendants, those of every thread. */
function residentKibibytes(pid: number): number {
  const own = ownKibibytes(pid);
  const command = read(`/proc/${pid}/cmdline`);
  const children = threads(pid)
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number))
    // A child that has not become another program yet may run in its parent's very memory; vfork(2).
    .filter((child) => ownKibibytes(child) !== own || read(`/proc/${child}/cmdline`) !== command);
  return children.reduce((sum, child) => sum + residentKibibytes(child), own);
}

function ownKibibytes(pid: number): number {
  const [, found] = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return Number(found ?? 0);
}

function threads(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Nothing, when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
