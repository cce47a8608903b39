/** Files of this program that run as programs or threads of their own, from its sources and from what is built of them. */
import { extname, join } from "node:path";

/** Such files, by their paths below `src/` without the ending. `tools/build.ts` makes each of them. */
export const PROGRAM_FILES = [
  "cli/main",
  "config/child",
  "index",
  "packages/debian/unpack-worker",
  "store/digest-worker",
] as const;

/** The address of one. What is built has them in the same places; who asks is one directory below the top there as well. */
export function programFile(name: (typeof PROGRAM_FILES)[number]): URL {
  return new URL(`../${name}${extname(import.meta.filename)}`, import.meta.url);
}

/** The directory of the whole program, with its `package.json`. */
export const PROGRAM_DIRECTORY = join(import.meta.dirname, "../..");
