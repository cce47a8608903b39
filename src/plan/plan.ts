/** From an evaluated guest and its locked packages to recipes. A pure function: nothing has run yet. */

import { configCheckRecipe } from "../guest/config-check.ts";
import { configLayerRecipe } from "../guest/config-layer.ts";
import { debianLayerRecipe, debianToolsRecipe } from "../guest/debian-layer.ts";
import { emulatorProgram } from "../guest/emulation.ts";
import { erofsRecipe } from "../guest/erofs.ts";
import { imageLayerRecipe } from "../guest/image-layer.ts";
import { imageProgramsRecipe, PROGRAMS_DIRECTORY } from "../guest/image-programs.ts";
import { INITRD_HOOKS } from "../guest/init-script.ts";
import { DISK_MODULES, type InitrdHooks, initrdRecipe, STACK_MODULES } from "../guest/initrd.ts";
import { kernelImageRecipe, kernelLayerRecipe } from "../guest/kernel.ts";
import { localeLayerRecipe } from "../guest/locale-layer.ts";
import { squashfsRecipe } from "../guest/squashfs.ts";
import { unitCheckRecipe } from "../guest/unit-check.ts";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { qemu } from "../hypervisors/qemu.ts";
import { GROWING_TYPES } from "../options/guest/file-systems.ts";
import { madeLocales } from "../options/guest/i18n.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { NamedPackage } from "../packages/debian/lock-packages.ts";
import type { DebianPackageSet } from "../packages/debian/package-set.ts";
import type { HostTools } from "../packages/host-tools.ts";
import type { OpenedImage } from "../packages/oci/open-image.ts";

import { runnerRecipe } from "../runner/runner.ts";
import { systemRecipe } from "../runner/system.ts";
import { MKFS } from "../runner/volumes.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";
import { configChecks } from "./config-checks.ts";
import { debRecipe } from "./deb.ts";
import { fileSystemModules } from "./early-mounts.ts";
import { guestFiles } from "./guest-files.ts";
import { keptHostKeys } from "./host-keys.ts";
import { imageGuestFiles, type PlannedImage } from "./image-files.ts";
import { leftOut } from "./left-out.ts";
import { machineSpec, storeShare } from "./machine.ts";
import { moduleNames } from "./module-names.ts";
import { type BootFiles, projectFileRecipe } from "./project-file.ts";
import { sharedRecipe } from "./shared-recipes.ts";
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
  /** What the guest's system is, in place of packages. */
  readonly image?: (PlannedImage & Pick<OpenedImage, "layers">) | undefined;
  /** What the project brings to start it with. */
  readonly bootFiles?: BootFiles;
  /** Absolute path of the project's directory: files of its modules are named from there on. */
  readonly projectDirectory: string;
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
  const { bootFiles = {} } = vm;
  const kernel = bootFiles.kernel
    ? undefined
    : sharedRecipe(kernelLayerRecipe(debsOf(vm.guest, "kernel", isKernelPackage), tools));
  const busybox = toolsRecipe("busybox", debsOf(vm.guest, "busybox"), tools);
  const { kernelModules, availableKernelModules } = config.boot.initrd;
  const modules = {
    modules: [...initrdModules(vm), ...kernelModules, ...availableKernelModules],
    preloaded: vm.image ? [] : preloadedModules(config),
  };
  const initrd = bootFiles.initrd
    ? projectFileRecipe("initrd", bootFiles.initrd)
    : sharedRecipe(initrdRecipe(kernel, busybox, modules, initrdHooks(config)));
  const image = kernel
    ? sharedRecipe(kernelImageRecipe(kernel))
    : projectFileRecipe("kernel-image", bootFiles.kernel!);
  const packages = vm.image ? imageLayers(vm, vm.image, busybox, tools) : packageLayers(vm, tools);
  const onDisks = usesDisks(config, host.storeDirectory);
  const share = onDisks ? undefined : storeShare(config, host.storeDirectory);
  const showFile = moduleNames(vm.projectDirectory);
  const files = guestFiles(config, share?.mountPoint ?? null, showFile, name, vm.image !== undefined);
  const configLayer = configLayerRecipe(
    `${name}-config`,
    vm.image ? imageGuestFiles(files, config, vm.guest.set.architecture, vm.image, share?.mountPoint) : files,
    packages,
  );
  const layers = [configLayer, ...packages, ...(kernel ? [kernel] : [])];
  const images = onDisks ? layers.map((layer) => diskRecipe(layer, config, tools)) : undefined;
  const machine = machineSpec(
    name,
    vm.guest.set.architecture as MachineSpec["architecture"],
    config,
    {
      kernel: storePathName(image),
      initrd: storePathName(initrd),
      layers: layers.map(storePathName),
      images: images?.map(storePathName),
      ...(vm.image && { init: `/${PROGRAMS_DIRECTORY}/init` }),
    },
    host.storeDirectory,
  );
  // An image may have another init, or none, and no program that knows units.
  const { architecture } = vm.guest.set;
  const checks = vm.image
    ? []
    : [
        unitCheckRecipe(files.units, files.entries, packages, architecture, tools),
        ...configChecks(config, files.entries, showFile).map((check) =>
          configCheckRecipe(check, architecture, packages, tools),
        ),
      ];
  const system = systemRecipe(
    config.networking.hostName,
    { kernel: image, initrd, layers, images, checks },
    machine,
  );
  return {
    machine,
    runner: runnerRecipe(
      machine,
      qemu,
      { system, tools },
      {
        ...config.microvm,
        hostKeys: keptHostKeys(config),
        // The init of an image knows no file system's growth.
        volumes: config.microvm.volumes.map((volume) => ({
          ...volume,
          canGrow: !vm.image && GROWING_TYPES.includes(volume.fsType),
        })),
      },
    ),
    layers,
    packageCount: packages.reduce(
      (count, layer) => count + ((layer.inputs.debs as readonly Recipe[] | undefined)?.length ?? 0),
      0,
    ),
  };
}

/** A layer as a disk. */
function diskRecipe(layer: Recipe, { microvm }: GuestConfig, tools: HostTools): Recipe {
  return microvm.storeDiskType === "squashfs"
    ? squashfsRecipe(layer, tools, microvm.storeDiskSquashfsFlags)
    : erofsRecipe(layer, tools, microvm.storeDiskErofsFlags);
}

/** What the initrd must be able to mount; and what an image needs that has nobody to load modules. */
function initrdModules({ config, host, image }: PlannedVm): readonly string[] {
  const share = storeShare(config, host.storeDirectory);
  // Those of all volumes: in the initrd they are neither compressed nor looked for.
  const mounted = fileSystemModules(Object.values(config.fileSystems).map(({ fsType }) => fsType));
  const has9p = image ? config.microvm.shares.some(({ proto }) => proto === "9p") : share?.proto === "9p";
  const onDisks = usesDisks(config, host.storeDirectory);
  return [
    ...STACK_MODULES,
    ...(onDisks ? [config.microvm.storeDiskType] : []),
    // An image has nobody who loads what its volumes need.
    ...(onDisks || image || mounted.length > 0 ? DISK_MODULES : []),
    ...(has9p ? ["9pnet_virtio", "9p"] : []),
    // Built into some kernels, and modules of others: bookworm's.
    ...(share?.proto === "virtiofs" ? ["virtio_pci", "virtiofs"] : []),
    ...mounted,
    ...(image ? ["virtio_net", ...config.boot.kernelModules] : []),
  ];
}

/** What the rules of most firewalls are made of: always the same, so that other rules need no other initrd. */
const FIREWALL_MODULES = ["nf_tables", "nft_ct", "nft_log", "nf_log_syslog"];

/**
 * Modules that the guest would load anyway, each of the firewall's by a process that the kernel starts and that
 * decompresses it: together a tenth of an emulated start. None that have settings, or might.
 */
function preloadedModules({ boot, microvm, networking }: GuestConfig): string[] {
  if (boot.extraModprobeConfig !== "") return [];
  const modules = [
    ...(microvm.hypervisor === "qemu" ? ["qemu_fw_cfg"] : []),
    ...(microvm.interfaces.length > 0 ? ["virtio_net"] : []),
    ...(networking.nftables.enable ? FIREWALL_MODULES : []),
  ];
  return modules.filter((name) => !boot.blacklistedKernelModules.includes(name));
}

/** The guest's own commands for it. */
function initrdHooks({ boot }: GuestConfig): InitrdHooks {
  return Object.fromEntries(
    INITRD_HOOKS.flatMap((name) => (boot.initrd[name] === "" ? [] : [[name, boot.initrd[name]]])),
  );
}

/** The layers of a guest of an image, topmost first. */
function imageLayers(
  { guest }: PlannedVm,
  image: Pick<OpenedImage, "layers">,
  busybox: Recipe,
  tools: HostTools,
): Recipe[] {
  const programs = imageProgramsRecipe(debsOf(guest, "image-programs"), busybox, tools);
  return [sharedRecipe(programs), sharedRecipe(imageLayerRecipe(image, tools))];
}

/** The layers of packages, topmost first. */
function packageLayers({ guest, config }: PlannedVm, tools: HostTools): Recipe[] {
  const { setuidFiles } = config.security;
  const params = { ...leftOut(config), sourceDate: guest.date, ...(setuidFiles && { setuidFiles }) };
  const { suite } = guest.set;
  const base = sharedRecipe(debianLayerRecipe(`${suite}-base`, debsOf(guest, "base"), [], params, tools));
  const { packageSettings } = config.environment;
  const settings = Object.keys(packageSettings).length > 0 && { settings: packageSettings };
  const layerOn = (lowers: readonly Recipe[], name: string, debs: readonly Recipe[]) => [
    sharedRecipe(debianLayerRecipe(`${suite}-${name}`, debs, lowers, { ...params, ...settings }, tools)),
    ...lowers,
  ];
  const [services, others] = ofServices(
    debsOf(guest, "services"),
    guest.packages.packages && debsOf(guest, "packages"),
  );
  const below = services.length > 0 ? layerOn([base], "services", services) : [base];
  const layers = others.length > 0 ? layerOn(below, "packages", others) : below;
  const locales = madeLocales(config);
  if (locales.length === 0) return layers;
  return [sharedRecipe(localeLayerRecipe(locales, guest.set.architecture, layers, tools)), ...layers];
}

/**
 * Of all packages, those that the services have alone, and the rest. None when the services alone would get others: with
 * what else is wanted, another alternative may have been chosen. `all` is absent when nothing else is wanted.
 */
function ofServices(
  services: readonly Recipe[],
  all: readonly Recipe[] = services,
): readonly [services: readonly Recipe[], others: readonly Recipe[]] {
  const names = new Set(all.map(storePathName));
  if (!services.every((deb) => names.has(storePathName(deb)))) return [[], all];
  const own = new Set(services.map(storePathName));
  return [services, all.filter((deb) => !own.has(storePathName(deb)))];
}

function toolRecipes({ tools, host, guest }: PlannedVm): HostTools {
  if (!tools) return { architecture: host.architecture };
  // Unpacked with what the host has, since the program for that is in it.
  const build = toolsRecipe("build-tools", debsOf(tools, "build-tools"), {});
  const tree = (key: string) =>
    tools.packages[key] ? toolsRecipe(key, debsOf(tools, key), { build }) : undefined;
  const erofs = tree("erofs-utils");
  const squashfs = tree("squashfs-tools");
  const filesystems = Object.fromEntries(
    Object.values(MKFS).flatMap((mkfs) => {
      const recipe = tree(mkfs.package);
      return recipe ? [[mkfs.package, recipe] as const] : [];
    }),
  );
  const images = tree("qemu-utils");
  const attributes = tree("attributes");
  const emulator = emulatorRecipe(guest.set.architecture, debsOf(tools, "emulator"), build);
  const ssh = keygenRecipe(debsOf(tools, "openssh-client", isLibraryOr("openssh-client")), build);
  const interfaces = tree("iproute2");
  return {
    architecture: host.architecture,
    hypervisor: tree("qemu")!,
    build,
    ...(erofs && { erofs }),
    ...(squashfs && { squashfs }),
    filesystems,
    ...(images && { images }),
    ...(emulator && { emulator }),
    ...(attributes && { attributes }),
    ...(ssh && { ssh }),
    ...(interfaces && { interfaces }),
  };
}

function toolsRecipe(...made: Parameters<typeof debianToolsRecipe>): Recipe {
  return sharedRecipe(debianToolsRecipe(...made));
}

/** The tree of programs that the host's networks run, from what `networkWishes` were locked to. */
export function networkTools(tools: LockedWishes): Recipe {
  const build = toolsRecipe("build-tools", debsOf(tools, "build-tools"), {});
  return toolsRecipe("network-tools", debsOf(tools, "network-tools"), { build });
}

/** Of the package, which has an emulator for everything, the one that runs the guest's programs while it is built. */
function emulatorRecipe(architecture: string, debs: readonly Recipe[], build: Recipe): Recipe | undefined {
  const program = emulatorProgram(architecture);
  if (debs.length === 0 || program === undefined) return undefined;
  return toolsRecipe(`emulator-${architecture}`, debs, { build }, [`/usr/bin/${program}`]);
}

/** Of openssh-client and all that it needs to be installed: ssh-keygen and libraries. */
function keygenRecipe(debs: readonly Recipe[], build: Recipe): Recipe | undefined {
  const only = ["/usr/bin/ssh-keygen", ...["/lib/*", "/lib64/*", "/usr/lib/*", "/usr/lib64/*"]];
  return debs.length > 0 ? toolsRecipe("openssh-client", debs, { build }, only) : undefined;
}

/** Whether a package is this one, or one of libraries as Debian's policy names them; zlib is older than that. */
function isLibraryOr(program: string): (name: string) => boolean {
  return (name) => name === program || name === "zlib1g" || /^lib.*\d/.test(name);
}

/** By the locked list, which is that of one package set, and its key, which goes with what is wanted of it. */
const debs = new WeakMap<readonly NamedPackage[], Map<string, readonly Recipe[]>>();

function debsOf(
  { set, packages }: LockedWishes,
  key: string,
  wanted: (name: string) => boolean = () => true,
): readonly Recipe[] {
  const locked = packages[key] ?? [];
  const known = debs.get(locked)?.get(key);
  if (known) return known;
  const made = locked.filter(({ name }) => wanted(name)).map((unit) => debRecipe(set, unit));
  debs.set(locked, (debs.get(locked) ?? new Map()).set(key, made));
  return made;
}

/** The kernel itself among what comes with its metapackage; Ubuntu has its modules in a package of their own. */
function isKernelPackage(name: string): boolean {
  return /^linux-(image|modules)-\d/.test(name);
}
