/** A host's networks: from its declaration to store paths and files, and what a change of generation does to them. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import type { HostConfig } from "../options/host.ts";
import { existsSync, rmSync } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import { networkNames } from "../paths.ts";
import { type LockedWishes, networkTools } from "../plan/plan.ts";
import { networkWishes, type SetWishes } from "../plan/wishes.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";

import type { HostFile, HostTarget } from "./host-record.ts";
import type { HostMachine } from "./machine.ts";
import { STORE_GROUP } from "./names.ts";
import { networkFiles, networkRecipe } from "./networks/network.ts";
import { planNetworks } from "./networks/plan.ts";
import type { ConfiguredVm, PlannedNetwork } from "./networks/planned-network.ts";
import type { FileChanges } from "./unit-files.ts";
import { signed } from "./unit-text.ts";

/** A network to be built. */
export interface SpecifiedNetwork {
  readonly network: PlannedNetwork;
  readonly recipe: Recipe;
}

/** A host's networks; `vms` are those that are built with it. Errors (`config-invalid`): those of `planNetworks`, and any network of a user's own host. */
export function networksOfHost(
  { microvm: { host, networks } }: HostConfig,
  vms: readonly ConfiguredVm[],
  { scope }: Pick<HostMachine, "scope">,
): readonly PlannedNetwork[] {
  const names = Object.keys(networks);
  if (scope === "user" && names.length > 0) {
    throw new MicrovmError(
      "config-invalid",
      `A user's own host has no networks, and "microvm.networks" has "${names.join('" and "')}"`,
      { hint: 'Switch as root, or give the VMs interfaces of the type "user"' },
    );
  }
  return host.enable ? planNetworks(networks, vms) : [];
}

/** What networks need beside the VMs; nothing when there is none. */
export function wishesOfNetworks(
  networks: readonly PlannedNetwork[],
  storeDirectory: string,
): readonly SetWishes[] {
  return networks.length === 0 ? [] : [networkWishes({ architecture: hostArchitecture(), storeDirectory })];
}

/** The networks with what they are built from. */
export function specifyNetworks(
  networks: readonly PlannedNetwork[],
  locked: readonly LockedWishes[],
): readonly SpecifiedNetwork[] {
  if (networks.length === 0) return [];
  const tools = networkTools(locked[0]!);
  return networks.map((network) => ({ network, recipe: networkRecipe(network, tools, hostArchitecture()) }));
}

/** Files of networks as a host has them, by their paths. */
export function filesOfNetworks(networks: readonly SpecifiedNetwork[], storeDirectory: string) {
  const files = networks.map(({ network, recipe }) =>
    networkFiles(network, {
      directory: join(storeDirectory, storePathName(recipe)),
      storeGroup: STORE_GROUP,
    }),
  );
  const byPath = (some: readonly { readonly path: string; readonly text: string }[]) =>
    some.map(({ path, text }): [string, HostFile] => [path, { text: signed(text) }]);
  return {
    units: byPath(files.flatMap(({ units }) => units)),
    etc: byPath(files.flatMap(({ etc }) => etc)),
  };
}

const UNIT = new RegExp(`^${networkNames.unit}(.+)\\.service$`);

/** The name of the network of a unit; undefined for another unit. */
export function networkOfUnit(path: string): string | undefined {
  return UNIT.exec(path)?.[1];
}

/**
 * Stops networks that go or become others, before their units do: what a network made, its own former script removes.
 * VMs that stay on a network are attached again when it starts. Timers that go are stopped as well.
 */
export async function stopFormer(
  { written, removed }: FileChanges,
  { unitDirectory, systemd }: HostMachine,
): Promise<void> {
  const networks = [...written, ...removed].filter((path) => networkOfUnit(path) !== undefined);
  const units = [...networks, ...removed.filter((path) => path.endsWith(".timer"))].filter((path) =>
    existsSync(join(unitDirectory, path)),
  );
  if (units.length === 0) return;
  await systemd.control(["stop", ...units]);
  for (const unit of removed) {
    const network = networkOfUnit(unit);
    // Nobody comes back to it.
    if (network !== undefined) rmSync(`${networkNames.notes}/${network}.ports`, { force: true });
  }
}

/** Starts all networks of a host; those that run stay as they are. */
export async function startNetworks({ units }: HostTarget, { systemd }: HostMachine): Promise<void> {
  const wanted = [...units.keys()].filter((path) => networkOfUnit(path) !== undefined);
  if (wanted.length > 0) await systemd.control(["start", ...wanted]);
}

/** Lets networkd forget files that are gone, where it runs. New ones a network's own unit tells it of. */
export async function forgetNetworkFiles(): Promise<void> {
  const { code } = await runToEnd(["systemctl", "is-active", "--quiet", "systemd-networkd.service"]);
  if (code === 0) await runToEnd(["networkctl", "reload"]);
}
