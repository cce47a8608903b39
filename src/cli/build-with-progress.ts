/** Building VMs for a person who watches. */
import type { BuildOptions, BuildReporter, BuiltVm } from "../build/build-evaluated.ts";
import { buildAllVms, buildVm, type LabelledVm } from "../build/build-vm.ts";
import { progressReporter } from "./progress.ts";

/** The option of commands that build. */
export const QUIET_OPTION = { quiet: { type: "boolean", short: "q", default: false } } as const;

/** What a person says of a build. */
interface WatchedBuild extends Omit<BuildOptions, "reporter"> {
  readonly quiet: boolean;
  /** Called when it is known what is missing, before it is made. */
  readonly onPlanned?: () => void;
}

/** Builds a VM and shows how far it is. The screen is clear again when this ends, however it ends. */
export async function buildWithProgress({ quiet, onPlanned, ...options }: WatchedBuild): Promise<BuiltVm> {
  using shown = progressReporter({ quiet });
  const reporter: BuildReporter = {
    step: (text) => shown.step(text),
    warning: (text) => shown.warning(text),
    event: (event) => shown.event(event),
    missing(paths) {
      onPlanned?.();
      shown.missing(paths);
    },
  };
  return await buildVm({ ...options, reporter });
}

/** The same for all VMs of a project. */
export async function buildAllWithProgress({
  quiet,
  ...options
}: WatchedBuild): Promise<readonly LabelledVm[]> {
  using reporter = progressReporter({ quiet });
  return await buildAllVms({ ...options, reporter });
}
