/** The words of progress: pure texts, without colours and without line ends. */
import type { Paint } from "../output.ts";
import type { Downloads } from "./downloads.ts";
import type { Finished, RunningBuild } from "./model.ts";

const MEBI = 1024 * 1024;

/** A step that has ended: `Built trixie-base (6.2 s, 132 MiB)`. */
export function finishedText(step: Finished, paint: Paint): string {
  const text = step.what === "build" ? `Built ${step.name}` : `Fetched ${packages(step.count)}`;
  return `${text} ${paint("dim", `(${duration(step.milliseconds)}, ${bytes(step.size)})`)}`;
}

/** Downloads: `23/131 packages`, `12.3/79.0 MiB`, `8.1 MiB/s`, `8 s left`. */
export function downloadParts({ done, total, received, size, rate, secondsLeft }: Downloads): string[] {
  return [
    `${done}/${packages(total)}`,
    `${mebibytes(received)}/${mebibytes(size)} MiB`,
    ...(rate === undefined ? [] : [`${mebibytes(rate)} MiB/s`]),
    ...(secondsLeft === undefined ? [] : [`${timeLeft(secondsLeft)} left`]),
  ];
}

/** What a build does: `unpacking 40/130 packages`. */
export function activity({ isElsewhere, note, done, total, unit }: RunningBuild): string {
  if (isElsewhere) return "made by another process";
  const count = done === undefined ? "" : `${done}${total === undefined ? "" : `/${total}`}`;
  return [note, count, count && unit].filter(Boolean).join(" ");
}

/** A share from 0 to 1 in whole percents, rounded down: 100 means that nothing is left. */
export function percentage(share: number): string {
  // The little that is added is what arithmetic loses: 0.57 * 100 is less than 57.
  return `${Math.floor(share * 100 + 1e-6)} %`;
}

/** So many packages. */
export function packages(count: number): string {
  return count === 1 ? "1 package" : `${count} packages`;
}

/** A size: `132 MiB`, `3.4 MiB`, `12 KiB`. */
export function bytes(size: number): string {
  return size < MEBI ? `${Math.ceil(size / 1024)} KiB` : `${mebibytes(size)} MiB`;
}

function mebibytes(size: number): string {
  return (size / MEBI).toFixed(size < 100 * MEBI ? 1 : 0);
}

/** A time that has passed: `6.2 s`, `3 min 5 s`. */
function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** A time to come, rounded up: `8 s`, `2 min`, `1 h 5 min`. */
function timeLeft(seconds: number): string {
  if (seconds <= 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
