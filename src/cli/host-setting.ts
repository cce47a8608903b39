/** What commands that change installed VMs have in common. */

import type { HostMachine } from "../host/index.ts";
import { thisMachine } from "../host/machine.ts";
import { ownUid } from "../os/user-namespace.ts";
import { printWarning } from "./output.ts";
import type { ProgressReporter } from "./progress/reporter.ts";
import { progressReporter } from "./progress.ts";
import { directories } from "./setting.ts";

/** Options of commands that wait for others which change the host. */
export const CHANGE_OPTIONS = {
  "no-wait": { type: "boolean", default: false },
  quiet: { type: "boolean", short: "q", default: false },
} as const;

/** This machine, as the host of the person who runs the program. */
export function ownMachine(): HostMachine {
  const { store, state } = directories();
  return thisMachine(ownUid(), state, store);
}

/** How the host's lock is waited for. */
export function lockOptions(
  values: { readonly "no-wait": boolean; readonly quiet: boolean },
  signal: AbortSignal,
) {
  const onStep = (text: string) => values.quiet || process.stderr.write(`${text}\n`);
  return { wait: !values["no-wait"], onStep, onWarning: printWarning, signal };
}

/** Does something while its progress is shown; the screen is clear afterwards. */
export async function watched<T>(
  quiet: boolean,
  work: (reporter: ProgressReporter) => Promise<T>,
): Promise<T> {
  using reporter = progressReporter({ quiet });
  return await work(reporter);
}
