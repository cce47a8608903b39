/** What a benchmark is, and how its runs become figures. */
import type { Workspace } from "./workspace.ts";

/** One benchmark, in a file of its own. */
export interface Benchmark {
  readonly name: string;
  /** How often each side is measured unless the person says otherwise. */
  readonly runs: number;
  /** Measures; a workspace is its own, and removed afterwards. */
  measure(setting: Setting): Promise<Figure[]>;
}

/** What a benchmark is given. */
export interface Setting {
  readonly runs: number;
  readonly workspace: Workspace;
  /** Tells the person what was just measured. */
  say(text: string): void;
}

/** What figures are counted in. */
export type Unit = "s" | "ms" | "MiB" | "%";

/** A result; figures are medians. */
export interface Figure {
  readonly name: string;
  /** What was measured, for a person. */
  readonly what: string;
  readonly unit: Unit;
  readonly ours: number;
  /** Null when nothing comparable was run beside us. */
  readonly peer: number | null;
  /** Ours ÷ peer. */
  readonly ratio: number | null;
  readonly runs: number;
  readonly ourRuns: readonly number[];
  readonly peerRuns: readonly number[];
  /** Why there is no peer, or what else a reader of the figure must know. */
  readonly note: string | null;
}

/** The figure of what was measured. */
export function figure(
  name: string,
  what: string,
  ourRuns: readonly number[],
  peerRuns: readonly number[] = [],
  note: string | null = null,
  unit: Unit = "s",
): Figure {
  const ours = median(ourRuns);
  const peer = peerRuns.length > 0 ? median(peerRuns) : null;
  return {
    name,
    what,
    unit,
    ours: rounded(ours),
    peer: peer === null ? null : rounded(peer),
    ratio: peer === null ? null : rounded(ours / peer),
    runs: ourRuns.length,
    ourRuns: ourRuns.map(rounded),
    peerRuns: peerRuns.map(rounded),
    note,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) throw new Error("Nothing was measured");
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Three digits behind the point: of seconds, what is below is noise. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;
