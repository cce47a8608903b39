/** Projects as our side of each benchmark: a copy, built by the whole command. */
import { cpSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { evaluateProject, findProject } from "../src/config/index.ts";
import type { GuestConfig } from "../src/options/guest.ts";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "../src/os/files.ts";
import { asPackageSet, type DebianPackageSet } from "../src/packages/debian/package-set.ts";
import { hostArchitecture } from "../src/packages/host-tools.ts";
import { LOCK_FILE, PROJECT_FILE, storeNames } from "../src/paths.ts";
import { wishesOf } from "../src/plan/wishes.ts";
import { openStore } from "../src/store/store.ts";
import { programCommand } from "./program.ts";
import type { Ran, RunOptions, Workspace } from "./workspace.ts";

const TOP = resolve(import.meta.dirname, "..");

/** Directories of projects; a VM is called as its directory is. */
const PROJECTS = {
  /** The README's. */
  "my-microvm": join(TOP, "examples/my-microvm"),
  /** systemd, udev, dbus, kmod, iproute2, openssh-server, a kernel. */
  minimal: join(TOP, "bench/projects/minimal"),
  /** Nothing but systemd, its companions, the agent and a kernel; no network. */
  "no-services": join(TOP, "bench/projects/no-services"),
  /** Many VMs; build it with `--all`. */
  fleet: join(TOP, "bench/projects/fleet"),
  /** A machine and many VMs for it; build it with `--all`. */
  parallel: join(TOP, "bench/projects/parallel"),
} as const;

/** A copy of a project with a store of its own. */
export interface Example {
  /** Name of its VM; empty: none in particular. */
  readonly name: string;
  readonly project: string;
  readonly store: string;
}

/** A copy without a lock, so that the whole way is gone, and without forwarded ports, which may be in use. */
export function copyExample(
  workspace: Workspace,
  directoryName: string,
  name: keyof typeof PROJECTS = "my-microvm",
): Example {
  const directory = join(workspace.directory, directoryName);
  const example = { name, project: join(directory, name), store: join(directory, "store") };
  cpSync(PROJECTS[name], example.project, {
    recursive: true,
    filter: (path) => basename(path) !== LOCK_FILE,
  });
  if (name === "my-microvm") changeExample(example, /forwardPorts: \[.*\]/, "forwardPorts: []");
  return example;
}

/** Changes the text of the copy's project file. */
export function changeExample({ project }: Example, what: RegExp, by: string): void {
  const file = join(project, PROJECT_FILE);
  const text = readFileSync(file, "utf8");
  const changed = text.replace(what, by);
  if (changed === text) throw new Error(`The example's project file has nothing like ${what}`);
  writeFileSync(file, changed);
}

/** Runs a whole command of the program on the copy. */
export async function microvm(
  workspace: Workspace,
  example: Example,
  command: readonly string[],
  { memory = false, env = {} }: RunOptions = {},
): Promise<Ran> {
  const [name, ...options] = command as [string, ...string[]];
  return await workspace.run(
    [...(await programCommand(workspace)), ...[name, `${example.project}#${example.name}`], ...options],
    { env: { ...env, MICROVM_STORE: example.store }, memory },
  );
}

/** Builds the copy; the output is the runner's path. */
export function build(workspace: Workspace, example: Example, options: { memory?: boolean } = {}) {
  return microvm(workspace, example, ["build"], options);
}

/** The example's package set, and the packages that a peer is asked for to get the same system with a kernel. */
export async function packagesOfExample(example: Example): Promise<{
  readonly set: DebianPackageSet;
  readonly names: readonly string[];
}> {
  const { project: path, name, store: storeDir } = example;
  const vm = await evaluateProject({ ...findProject({ path, name }), storeDir });
  const set = asPackageSet(vm.pkgs);
  const host = { architecture: hostArchitecture(), storeDirectory: example.store };
  const { requests } = wishesOf(vm.config as unknown as GuestConfig, set, host).guest;
  const wanted = requests.filter(({ key }) => key !== "busybox").flatMap((request) => request.wanted);
  return { set, names: [...new Set(wanted)] };
}

/** The trees of the host's programs in a built store: names of store paths by the names of their recipes. */
export function toolTrees({ store }: Example): ReadonlyMap<string, string> {
  const { info } = openStore(store);
  const names = readdirSync(join(store, storeNames.info)).map((file) => file.replace(/\.json$/, ""));
  const trees = names
    .map((name) => ({ name, recipe: info(name).recipe }))
    // The guest's initrd is made with busybox.
    .filter(({ recipe }) => recipe.kind === "debian-tools" && recipe.name !== "busybox");
  return new Map(trees.map(({ name, recipe }) => [recipe.name, name]));
}

/** Gives a new store the trees of the host's programs that another one has, as links to the same files. */
export async function lendTools(workspace: Workspace, from: Example, to: Example): Promise<void> {
  mkdirSync(join(to.store, storeNames.info), { recursive: true });
  for (const name of toolTrees(from).values()) {
    for (const path of [name, join(storeNames.info, `${name}.json`)]) {
      await workspace.run(["cp", "--archive", "--link", join(from.store, path), join(to.store, path)]);
    }
  }
}
