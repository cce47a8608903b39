/** Sizes and ages as people write them. */
import { MicrovmError } from "../errors.ts";

const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * Milliseconds of an age: a number and one of `s`, `m`, `h`, `d`, `w`. `option` is named in the error (`bad-usage`).
 *
 * @example parseAge("14d", "older-than") // 1209600000
 */
export function parseAge(text: string, option: string): number {
  const [, amount, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return Number(amount) * MILLISECONDS[unit]!;
  throw new MicrovmError(
    "bad-usage",
    `"--${option}" is "${text}": it must be a number and one of s, m, h, d, w, for example "14d"`,
  );
}

/** Bytes in the largest unit of 1024 that leaves a number of one or more: `512 B`, `1.5 KiB`, `23 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const amount = bytes / 1024 ** power;
  return `${power > 0 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[power]}`;
}

/** A number with its noun: `1 store path`, `3 store paths`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
