/** Progress of a build on standard error: a block of lines on a terminal, plain lines in a log, or nothing. */
import { isTerminal, paint, printWarning } from "./output.ts";
import { systemClock } from "./progress/clock.ts";
import { plainReporter } from "./progress/plain.ts";
import type { ProgressReporter } from "./progress/reporter.ts";
import { terminalReporter } from "./progress/terminal.ts";

/** A reporter for this run of the program; a quiet one tells nothing but warnings. */
export function progressReporter({ quiet }: { readonly quiet: boolean }): ProgressReporter {
  if (quiet) return quietReporter;
  const reporter = isTerminal(process.stderr) ? terminalReporter : plainReporter;
  return reporter(process.stderr, systemClock, paint);
}

const nothing = () => {};

const quietReporter: ProgressReporter = {
  step: nothing,
  warning: printWarning,
  missing: nothing,
  event: nothing,
  [Symbol.dispose]: nothing,
};
