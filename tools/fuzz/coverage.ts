/** Which blocks of the program's own code have run: V8's coverage, as the debugger has it. */
import { Session } from "node:inspector";

/** Blocks that ran since the last look. */
export interface Coverage {
  /** Whether some of them never ran before. They still count as new at the next look. */
  hasNew(): boolean;
  /** How many of them never ran before. From now on they are known. */
  takeNew(): number;
  /** How many are known. */
  count(): number;
}

/** Starts to look. */
export function openCoverage(): Coverage {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const known = new Set<string>();
  return {
    hasNew: () => blocks(session).some((block) => !known.has(block)),
    takeNew() {
      const before = known.size;
      for (const block of blocks(session)) known.add(block);
      return known.size - before;
    },
    count: () => known.size,
  };
}

/** The blocks of files below `src` that ran since the last call. */
function blocks(session: Session): string[] {
  const found: string[] = [];
  // The answer comes before `post` returns.
  session.post("Profiler.takePreciseCoverage", (_, { result }) => {
    for (const { url, functions } of result) {
      if (!url.includes("/src/")) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) found.push(`${url}:${startOffset}:${endOffset}`);
        }
      }
    }
  });
  return found;
}
