/** From an evaluated guest and its locked packages to recipes. A pure function: nothing has run yet. */

import { configLayerRecipe } from "../guest/config-layer.ts";
import { DOCUMENTATION, debianLayerRecipe, debianToolsRecipe } from "../guest/debian-layer.ts";
import { erofsRecipe } from "../guest/erofs.ts";
import { initrdRecipe, STORE_MODULES } from "../guest/initrd.ts";
import { kernelImageRecipe, kernelLayerRecipe } from "../guest/kernel.ts";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { qemu } from "../hypervisors/qemu.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { NamedPackage } from "../packages/debian/lock-packages.ts";
import type { DebianPackageSet } from "../packages/debian/package-set.ts";
import type { HostTools } from "../packages/host-tools.ts";

import { runnerRecipe } from "../runner/runner.ts";
import { systemRecipe } from "../runner/system.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";
import { debRecipe } from "./deb.ts";
import { guestFiles } from "./guest-files.ts";
import { keptHostKeys } from "./host-keys.ts";
import { machineSpec, storeShare } from "./machine.ts";
import { type HostFacts, usesDisks } from "./wishes.ts";

/** Wishes of one package set, pinned. */
export interface LockedWishes {
  readonly set: DebianPackageSet;
  /** Packages in the order of installation, by the request's key. */
  readonly packages: Readonly<Record<string, readonly NamedPackage[]>>;
  /** Of the archive's state, in seconds since 1970. */
  readonly date: number;
}

/** A VM to plan: its evaluated configuration, and what its packages were locked to. */
export interface PlannedVm {
  readonly name: string;
  readonly config: GuestConfig;
  readonly guest: LockedWishes;
  /** Absent when the host's own programs are used. */
  readonly tools: LockedWishes | undefined;
  readonly host: HostFacts;
}

/** The result: the machine, and the recipe of everything needed to start it. */
export interface Plan {
  readonly machine: MachineSpec;
  readonly runner: Recipe;
  /** Topmost first. */
  readonly layers: readonly Recipe[];
  readonly packageCount: number;
}

/** The plan of a VM. */
export function planVm(vm: PlannedVm): Plan {
  const { name, config, host } = vm;
  const tools = toolRecipes(vm);
  const kernel = kernelLayerRecipe(debsOf(vm.guest, "kernel", isKernelPackage), tools);
  const busybox = debianToolsRecipe("busybox", debsOf(vm.guest, "busybox"), tools);
  const modules = [...initrdModules(config, host), ...config.boot.initrd.kernelModules];
  const initrd = initrdRecipe(kernel, busybox, modules);
  const image = kernelImageRecipe(kernel);
  const packages = packageLayers(vm, tools);
  const onDisks = usesDisks(config, host.storeDirectory);
  const share = onDisks ? undefined : storeShare(config, host.storeDirectory);
  const configLayer = configLayerRecipe(
    `${name}-config`,
    guestFiles(config, share?.mountPoint ?? null, name),
    packages,
  );
  const layers = [configLayer, ...packages, kernel];
  const images = onDisks
    ? layers.map((layer) => erofsRecipe(layer, tools, config.microvm.storeDiskErofsFlags))
    : undefined;
  const machine = machineSpec(
    name,
    vm.guest.set.architecture as MachineSpec["architecture"],
    config,
    {
      kernel: storePathName(image),
      initrd: storePathName(initrd),
      layers: layers.map(storePathName),
      images: images?.map(storePathName),
    },
    host.storeDirectory,
  );
  const system = systemRecipe(config.networking.hostName, { kernel: image, initrd, layers, images }, machine);
  return {
    machine,
    runner: runnerRecipe(
      machine,
      qemu,
      { system, tools },
      { ...config.microvm, hostKeys: keptHostKeys(config) },
    ),
    layers,
    packageCount: packages.reduce(
      (count, layer) => count + (layer.inputs.debs as readonly Recipe[]).length,
      0,
    ),
  };
}

/** What the initrd must be able to mount. */
function initrdModules(config: GuestConfig, host: HostFacts): readonly string[] {
  const share = storeShare(config, host.storeDirectory);
  return share?.proto === "9p" ? [...STORE_MODULES, "9pnet_virtio", "9p"] : STORE_MODULES;
}

/** The layers of packages, topmost first. */
function packageLayers({ guest, config }: PlannedVm, tools: HostTools): Recipe[] {
  const params = {
    ...(config.microvm.optimize.enable ? DOCUMENTATION : { exclude: [], include: [] }),
    sourceDate: guest.date,
  };
  const { suite } = guest.set;
  const base = debianLayerRecipe(`${suite}-base`, debsOf(guest, "base"), [], params, tools);
  if (!guest.packages.packages?.length) return [base];
  return [debianLayerRecipe(`${suite}-packages`, debsOf(guest, "packages"), [base], params, tools), base];
}

function toolRecipes({ tools, host }: PlannedVm): HostTools {
  if (!tools) return { architecture: host.architecture };
  // Unpacked with what the host has, since the program for that is in it.
  const build = debianToolsRecipe("build-tools", debsOf(tools, "build-tools"), {});
  const tree = (key: string) =>
    tools.packages[key] ? debianToolsRecipe(key, debsOf(tools, key), { build }) : undefined;
  const erofs = tree("erofs-utils");
  const filesystems = tree("e2fsprogs");
  const ssh = tree("openssh-client");
  return {
    architecture: host.architecture,
    hypervisor: tree("qemu")!,
    build,
    ...(erofs && { erofs }),
    ...(filesystems && { filesystems }),
    ...(ssh && { ssh }),
  };
}

function debsOf(
  { set, packages }: LockedWishes,
  key: string,
  wanted: (name: string) => boolean = () => true,
): Recipe[] {
  return (packages[key] ?? []).filter(({ name }) => wanted(name)).map((unit) => debRecipe(set, unit));
}

/** The kernel itself among what comes with its metapackage; Ubuntu has its modules in a package of their own. */
function isKernelPackage(name: string): boolean {
  return /^linux-(image|modules)-\d/.test(name);
}
