/** The network of a project's host, planned and built into the tests' store, with the programs that it is run with. */
import { basename, join } from "node:path";
import { buildersWith } from "../../src/build/builders.ts";
import { readLock, writeLock } from "../../src/build/lock-file.ts";
import { lockVms } from "../../src/build/lock-vms.ts";
import { evaluateWholeProject, findProject } from "../../src/config/index.ts";
import { networkFiles, networkRecipe } from "../../src/host/networks/network.ts";
import { planNetworks } from "../../src/host/networks/plan.ts";
import type { GuestConfig } from "../../src/options/guest.ts";
import type { HostConfig } from "../../src/options/host.ts";
import { hostArchitecture, toolCommand } from "../../src/packages/host-tools.ts";
import { networkTools } from "../../src/plan/plan.ts";
import { networkWishes } from "../../src/plan/wishes.ts";
import { openStore } from "../../src/store/store.ts";
import { STORE } from "../support.ts";

/** Builds the first network of the first host of a project in a directory. */
export async function builtNetwork(directory: string) {
  const project = findProject({ path: directory });
  const { hosts } = await evaluateWholeProject({ ...project, storeDir: STORE });
  const { config, vms } = hosts[0]!;
  const configured = vms.map((vm) => ({ name: vm.name, config: vm.config as unknown as GuestConfig }));
  const [network] = planNetworks((config as unknown as HostConfig).microvm.networks, configured);
  const architecture = hostArchitecture();
  const facts = { architecture, storeDirectory: STORE };
  const before = readLock(directory);
  const { lock, also, sources } = await lockVms(vms, {
    lock: before,
    host: facts,
    projectDirectory: directory,
    storeDirectory: STORE,
    also: [networkWishes(facts)],
  });
  writeLock(directory, before, lock);
  const tools = networkTools(also[0]!);
  const store = openStore(STORE);
  store.prepare();
  const recipes = [networkRecipe(network!, tools, architecture), tools];
  const [path, tree] = await store.realiseAll(recipes, { builders: buildersWith(sources) });
  return {
    network: network!,
    /** The files of a host that has the store at `storeDirectory`. */
    files: (storeDirectory: string, storeGroup: string) =>
      networkFiles(network!, { directory: join(storeDirectory, basename(path!)), storeGroup }),
    script: (name: string) => join(path!, "bin", name),
    tool: (program: string) => toolCommand(tree!, architecture, program),
  };
}
