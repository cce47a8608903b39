/** What a project file exports, and the functions that give it its type. */
import type { Definition, Lib } from "../module-system/index.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { GuestSystemValue } from "../options/guest-system.ts";
import type { HostConfig } from "../options/host.ts";

/** What modules that declare services add to `services` in a guest's configuration, by augmentation. */
// biome-ignore lint/suspicious/noEmptyInterface: to be extended
export interface GuestServices {}

/** The merged configuration of a guest. Modules that declare options extend it by augmentation. */
export interface GuestConfiguration extends Omit<GuestConfig, "services"> {
  readonly services: GuestConfig["services"] & GuestServices;
}

/** The merged configuration of a host. Modules that declare options extend it by augmentation. */
export interface HostConfiguration extends HostConfig {}

/** What a module function is called with; `specialArgs` add to it. */
export interface ModuleArguments<C> {
  /** The merged configuration. It may be read in functions only: `() => config.…`. */
  readonly config: C;
  // biome-ignore lint/suspicious/noExplicitAny: a tree that depends on all modules
  readonly options: any;
  readonly lib: Lib;
  /** The guest's package set; null is the host's own. */
  readonly pkgs: GuestSystemValue | null;
  /** Name of the VM. */
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the person passes in specialArgs
  readonly [specialArgument: string]: any;
}

/** A module that a path names is checked when it is loaded. */
type Import = string | object;

interface ModuleKeys {
  readonly imports?: readonly Import[];
  readonly disabledModules?: readonly Import[];
  readonly freeformType?: object;
  /** Modules with the same key are one. */
  readonly key?: string;
  /** What the module is for: `guest` or `host`. It is refused elsewhere. */
  readonly _class?: "guest" | "host";
}

interface FullModule<C> extends ModuleKeys {
  readonly options?: object;
  readonly config?: Definition<C>;
}

type ShortModule<C> = ModuleKeys & { readonly [K in keyof C]?: Definition<C[K]> };

/** A module: definitions of options, and declarations of more; or a function that returns them. */
type Module<C, A = ModuleArguments<C>> = ModuleBody<C> | ((args: A) => ModuleBody<C>);

type ModuleBody<C> = FullModule<C> | ShortModule<C>;

/** A module of a guest. */
export type GuestModule = Module<GuestConfiguration>;

/** What a host is made from. */
export interface HostArguments {
  /** The store's directory; a share of it makes a guest mount the host's store. */
  readonly storeDir: string;
  /** A reference to this project. */
  readonly self: string;
}

/** A VM as a host declares it. */
interface HostVm extends VmDefinition {
  readonly flake?: string | null;
  readonly updateFlake?: string | null;
  readonly autostart?: boolean;
  readonly restartIfChanged?: boolean | null;
  readonly changeLive?: boolean | null;
  readonly limits?: Definition<HostConfiguration["microvm"]["vms"][string]["limits"]>;
}

type HostDefinitions = Omit<HostConfiguration, "microvm"> & {
  readonly microvm: Omit<HostConfiguration["microvm"], "vms"> & {
    readonly vms: { readonly [name: string]: HostVm };
  };
};

/** A module of a host. */
export type HostModule = Module<HostDefinitions, ModuleArguments<HostConfiguration> & HostArguments>;

/** A VM that can be built, run and deployed by its name. */
export interface VmDefinition {
  readonly config?: GuestModule | string | null;
  readonly pkgs?: GuestSystemValue | null;
  /** More arguments for the guest's modules. */
  readonly specialArgs?: Readonly<Record<string, unknown>>;
  readonly extraModules?: readonly (GuestModule | string)[];
  /** What `microvm eval --json` printed, in place of `config`. */
  readonly evaluatedConfig?: { readonly config: object } | null;
}

/** What a project file exports as its default. */
export interface Project {
  /** Hosts, each made from where its store and this project are. */
  readonly hosts?: { readonly [name: string]: HostModule };
  readonly microvms?: { readonly [name: string]: VmDefinition };
}

/** Gives a project its type. */
export function defineProject(project: Project): Project {
  return project;
}

/** Gives a guest's module its type. */
export function defineModule<M extends GuestModule>(module: M & GuestModule): M {
  return module;
}
