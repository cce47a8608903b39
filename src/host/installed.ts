/**
 * Installed VMs: their directories, as microvm.nix has them.
 *
 *     <state>/NAME/current     link to the runner that starts next
 *     <state>/NAME/booted      link to the runner that runs
 *     <state>/NAME/old         link to the runner before
 *     <state>/NAME/toplevel    fully declared: link to the runner's system
 *     <state>/NAME/flake       deployed: the reference that it is updated from
 *
 * In the machine's own host a directory belongs to root and to the group of the VM's user, who may make files in it and
 * remove none of root's (mode 1770): what the links lead to is run by root as well.
 */
import { basename, join } from "node:path";
import { systemCode } from "../errors.ts";
import { systemOf } from "../live/read-runner.ts";
import {
  chmodSync,
  existsSync,
  explainFullDisk,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileAtomically,
} from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";

/** A VM's directory, as far as reading its links tells. Names are those of store paths. */
export interface InstalledVm {
  readonly name: string;
  /** Runner that starts next; undefined when there is none: a half-deleted directory. */
  readonly current: string | undefined;
  /** Runner that runs; undefined when none does. */
  readonly booted: string | undefined;
  readonly old: string | undefined;
  /** System of a fully declared VM. */
  readonly toplevel: string | undefined;
}

/** All installed VMs, or those of some names, by their names. Only links are read: of a thousand VMs that takes some milliseconds. */
export function listInstalled(
  stateDirectory: string,
  only: (name: string) => boolean = () => true,
): InstalledVm[] {
  return namesIn(stateDirectory)
    .filter((name) => !name.startsWith(".") && only(name))
    .map((name) => readInstalled(stateDirectory, name))
    .filter((vm) => vm !== undefined);
}

/** One installed VM; undefined when it has no directory. */
export function readInstalled(stateDirectory: string, name: string): InstalledVm | undefined {
  const directory = join(stateDirectory, name);
  const link = (file: string) => linkName(join(directory, file));
  const links = {
    current: link(vmNames.current),
    booted: link(vmNames.booted),
    old: link(vmNames.old),
    toplevel: link(vmNames.toplevel),
  };
  const isThere =
    links.current !== undefined || lstatSync(directory, { throwIfNoEntry: false })?.isDirectory();
  return isThere ? { name, ...links } : undefined;
}

/** Whether the runner that a VM starts from next is in the store. */
export function hasRunner(stateDirectory: string, name: string): boolean {
  return existsSync(join(stateDirectory, name, vmNames.current, runnerNames.run));
}

/**
 * The reference that a deployed VM is updated from; undefined for others. A file that the VM's own user could have
 * written is not taken for one.
 */
export function flakeOf(stateDirectory: string, name: string): string | undefined {
  const path = join(stateDirectory, name, vmNames.flake);
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (!status?.isFile() || status.uid !== process.getuid?.()) return undefined;
  return readFileSync(path, "utf8").trim();
}

/** What a VM is installed from. */
export interface Installation {
  readonly stateDirectory: string;
  readonly name: string;
  /** Absolute path of the runner. */
  readonly runner: string;
  /** The reference that it is updated from; undefined for a fully declared VM. */
  readonly flake: string | undefined;
  /** The group whose VM it is, by its number; undefined in a user's own host. */
  readonly group: number | undefined;
}

/**
 * Makes a VM's directory lead to a runner; the one before becomes `old`. Does nothing when it is so already. Errors:
 * `no-space`.
 */
export function install(installation: Installation): void {
  try {
    makeLinks(installation);
  } catch (error) {
    throw explainFullState(error, installation.stateDirectory);
  }
}

/** A full disk as an error that says what to do; any other error is given back. */
export function explainFullState(error: unknown, stateDirectory: string): unknown {
  return explainFullDisk(
    error,
    stateDirectory,
    'Free some space there: volumes and logs of VMs that were removed can go, "microvm gc" frees the store\'s disk',
  );
}

function makeLinks({ stateDirectory, name, runner, flake, group }: Installation): void {
  const directory = join(stateDirectory, name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (group !== undefined) lchownSync(directory, 0, group);
  chmodSync(directory, group === undefined ? 0o700 : 0o1770);
  const current = linkTarget(join(directory, vmNames.current));
  if (current !== runner) {
    if (current !== undefined) setLink(join(directory, vmNames.old), current);
    setLink(join(directory, vmNames.current), runner);
  }
  if (flake === undefined) {
    rmSync(join(directory, vmNames.flake), { force: true });
    setLink(join(directory, vmNames.toplevel), systemOf(runner));
  } else {
    rmSync(join(directory, vmNames.toplevel), { force: true });
    if (flakeOf(stateDirectory, name) !== flake) {
      writeFileAtomically(join(directory, vmNames.flake), `${flake}\n`);
    }
  }
}

/** Says that a VM runs now what it would start from. */
export function setBooted(stateDirectory: string, name: string): void {
  const directory = join(stateDirectory, name);
  setLink(join(directory, vmNames.booted), readlinkSync(join(directory, vmNames.current)));
}

function setLink(link: string, target: string): void {
  if (linkTarget(link) === target) return;
  const temporary = `${link}.new`;
  rmSync(temporary, { recursive: true, force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}

function linkName(link: string): string | undefined {
  const target = linkTarget(link);
  return target === undefined ? undefined : basename(target);
}

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EINVAL"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
