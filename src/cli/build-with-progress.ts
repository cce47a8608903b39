/** Building a VM for a person who watches. */
import { type BuildOptions, type BuiltVm, buildVm } from "../build/build-vm.ts";
import { progressReporter } from "./progress.ts";

/** The option of commands that build. */
export const QUIET_OPTION = { quiet: { type: "boolean", short: "q", default: false } } as const;

/** Builds a VM and shows how far it is. The screen is clear again when this ends, however it ends. */
export async function buildWithProgress({
  quiet,
  ...options
}: Omit<BuildOptions, "reporter"> & { readonly quiet: boolean }): Promise<BuiltVm> {
  using reporter = progressReporter({ quiet });
  return await buildVm({ ...options, reporter });
}
