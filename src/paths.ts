/** Every name on the host's disk. `docs/on-disk.md` mirrors this file and a test compares the two. */
import { homedir } from "node:os";
import { join } from "node:path";

/** The environment that decides where things lie. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Project file, looked for in a project's directory. */
export const PROJECT_FILE = "microvm.config.ts";

/** Lock file, beside the project file. */
export const LOCK_FILE = "microvm.lock";

/**
 * The store: `MICROVM_STORE`, else root's `/var/lib/microvm/store`, else a user's
 * `$XDG_DATA_HOME/microvm/store`.
 */
export function storeDirectory(environment: Environment, uid: number): string {
  if (environment.MICROVM_STORE) return environment.MICROVM_STORE;
  if (uid === 0) return "/var/lib/microvm/store";
  return join(environment.XDG_DATA_HOME || join(homedir(), ".local/share"), "microvm/store");
}

/**
 * The state directory: `MICROVM_STATE_DIR`, else root's `/var/lib/microvms`, else a user's
 * `$XDG_STATE_HOME/microvm`.
 */
export function stateDirectory(environment: Environment, uid: number): string {
  if (environment.MICROVM_STATE_DIR) return environment.MICROVM_STATE_DIR;
  if (uid === 0) return "/var/lib/microvms";
  return join(environment.XDG_STATE_HOME || join(homedir(), ".local/state"), "microvm");
}

/**
 * What the program is told on this machine: `MICROVM_CONFIG_DIR`, else root's `/etc/microvm`, else a user's
 * `$XDG_CONFIG_HOME/microvm`.
 */
export function configDirectory(environment: Environment, uid: number): string {
  if (environment.MICROVM_CONFIG_DIR) return environment.MICROVM_CONFIG_DIR;
  if (uid === 0) return "/etc/microvm";
  return join(environment.XDG_CONFIG_HOME || join(homedir(), ".config"), "microvm");
}

/** What only saves time: `$XDG_CACHE_HOME/microvm`. */
export function cacheDirectory(environment: Environment): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "microvm");
}

/** Inside the cache. */
export const cacheNames = {
  /** One file for each evaluation. */
  evaluations: "eval",
} as const;

/** Inside the configuration directory. */
export const configNames = {
  /** The secret key that exports are signed with. */
  signingKey: "signing-key",
  /** Public keys whose signatures imports are taken by, one file each. */
  trustedKeys: "trusted-keys",
  /** Where store and state directory are, when the host's declaration names others than the usual ones. */
  directories: "directories.json",
} as const;

/** Inside a store. Names that begin with a dot are never store paths. */
export const storeNames = {
  /** Unfinished builds; emptied by the next run. */
  temporary: ".tmp",
  /** One lock file for each path that is being made. */
  locks: ".locks",
  /** One info record for each path. */
  info: ".info",
  /** Downloaded indices of package sets, verified again when read. */
  indices: ".indices",
  /** Links to links: what a person keeps from garbage collection. */
  gcRoots: ".gcroots",
  /** One file for each process at work, held while it lives: the names that it works with. */
  temporaryRoots: ".temproots",
  /** What the last build of each path printed, if anything. */
  logs: ".logs",
  /** Bare git repositories that projects are fetched into, one for each address. */
  repositories: ".repositories",
} as const;

/** Below the state directory: VMs that run in the foreground, apart from the installed ones, whose names have no dot in front. */
export const FOREGROUND_DIRECTORY = ".run";

/** Below the state directory: one link for each numbered result of `switch`, which garbage collection keeps. */
export const GENERATIONS_DIRECTORY = ".generations";

/** Inside the generations' directory, beside their links, whose names are numbers. */
export const generationNames = {
  /** Link to the number that is in force. */
  current: "current",
  /** Held while a command changes the host. */
  lock: "lock",
  /** There while a generation is put in force: which one it was before. */
  pending: "pending",
} as const;

/** Below the state directory: what emulated VMs hold while they start; beside `next` a file for each processor, by number. */
export const TURNS_DIRECTORY = ".turns";

/** Inside that directory. */
export const turnNames = {
  /** Held by the one whose turn is next. */
  next: "next",
} as const;

/** Inside a host's store path. */
export const hostNames = {
  record: "host.json",
  /** Everything for the directory of systemd's units. */
  units: "units",
  /** Other files, below `/etc`. */
  etc: "etc",
  /** Links to the runners of the VMs that are installed from it. */
  vms: "vms",
  /** Followed by the VM's name: installs it at boot. */
  install: "bin/install-",
  /** Puts the former generation back, at boot. */
  recover: "bin/recover",
  /** Waits for the sockets of a VM's shares. */
  waitForShares: "bin/wait-for-shares",
} as const;

/** A change by hand of a unit that the program made is kept in the unit's `.d` directory under this name. */
export const KEPT_DROP_IN = "60-kept-by-microvm.conf";

/** Of the program's drop-ins for a declared VM. */
export const DECLARED_DROP_IN = "50-microvm.conf";

/** Where the files of a host go: root's, or a user's `$XDG_CONFIG_HOME/systemd/user` without files below `/etc`. */
export function unitDirectory(environment: Environment, uid: number): string {
  if (uid === 0) return "/etc/systemd/system";
  return join(environment.XDG_CONFIG_HOME || join(homedir(), ".config"), "systemd/user");
}

/** Links in an installed VM's directory to the runners that it may start from; garbage collection keeps them. */
export const RUNNER_LINKS = ["current", "booted", "old"] as const;

/** Inside the directory of a VM. */
export const vmNames = {
  /** Held while the VM runs. */
  lock: "lock",
  /** What the guest's console printed since its last start. */
  consoleLog: "console.log",
  /** Of an installed VM: link to the runner that it starts from next. */
  current: "current",
  /** Link to the runner that it was started from; there while it runs. */
  booted: "booted",
  /** Link to the runner before. */
  old: "old",
  /** Of a fully declared VM: link to its system. */
  toplevel: "toplevel",
  /** Of a deployed VM: one line, the reference that it is updated from. */
  flake: "flake",
  /** Socket of the first terminal at the console, and what that terminal holds. */
  consoleHub: "console.hub.sock",
  consoleLock: "console.lock",
  /** The guest's host keys, for "microvm ssh". */
  knownHosts: "known_hosts",
  /** Of a deployed VM: one line, a runner and the commit that it was made from. */
  revision: "revision",
} as const;

/** Inside a runner. */
export const runnerNames = {
  run: "bin/microvm-run",
  system: "share/microvm/system",
  shutdown: "bin/microvm-shutdown",
  alive: "bin/microvm-alive",
  virtiofsd: "bin/virtiofsd-run",
  tapUp: "bin/tap-up",
  tapDown: "bin/tap-down",
  macvtapUp: "bin/macvtap-up",
  macvtapDown: "bin/macvtap-down",
  pciSetup: "bin/pci-setup",
  machine: "share/microvm/machine.json",
  virtiofs: "share/microvm/virtiofs",
  tapInterfaces: "share/microvm/tap-interfaces",
  macvtapInterfaces: "share/microvm/macvtap-interfaces",
} as const;

/** Of the host's networks. */
export const networkNames = {
  /** Unit of a network, followed by its name. */
  unit: "microvm-network-",
  /** While it is up: what its server keeps; followed by its name. */
  runtimeDirectory: "/run/microvm-network-",
  /** What root notes of networks while they are up. */
  notes: "/run/microvm-networks",
} as const;
