/** What a host's units, users and slices are called. */
import { createHash } from "node:crypto";

/** The host's templates, in the order in which they start. */
export const TEMPLATES = [
  "microvm-set-booted",
  "microvm-tap-interfaces",
  "microvm-macvtap-interfaces",
  "microvm-pci-devices",
  "microvm-virtiofsd",
  "microvm",
] as const;

/** One of them, or what asks a VM's guest whether it answers. */
export type Template = (typeof TEMPLATES)[number] | "microvm-alive";

/** Pulls in the VMs that start with the host. */
export const TARGET = "microvms.target";

/** Puts a former generation back at boot. */
export const RECOVER_UNIT = "microvm-recover.service";

/** User, and group, of VMs that no host declares. */
export const COMMON_USER = "microvm";

/** Members may look into the store, whose names they cannot list. */
export const STORE_GROUP = "microvm-store";

/** A unit of a VM: `microvm@web.service`. Names of VMs need no escaping there. */
export function unitOf(name: string, template: Template = "microvm"): string {
  return `${template}@${name}.service`;
}

/** The name of the VM of a unit `microvm@NAME.service`; undefined for another unit. */
export function vmOfUnit(unit: string): string | undefined {
  return /^microvm@(.+)\.service$/.exec(unit)?.[1];
}

/** The unit that installs a declared VM. */
export function installUnit(name: string): string {
  return `install-microvm-${name}.service`;
}

/** A VM's slice, right below `microvm.slice`: a dash would make a level of its own (systemd.slice(5)). */
export function sliceOf(name: string): string {
  const escaped = name
    .replaceAll("-", "\\x2d")
    // systemd-escape(1) does so with a dot in front; no VM's name has one there.
    .replace(/[^A-Za-z0-9:_.\\]/g, (mark) => `\\x${mark.charCodeAt(0).toString(16)}`);
  return `microvm-${escaped}.slice`;
}

/** Longest name of a user on Linux, utmp(5) less its end; sysusers.d(5) allows letters, digits, `-` and `_`. */
const USER_LENGTH = 31;

/** A VM's user and group: `microvm-NAME`; a name that is no user's is shortened, with a hash behind it. */
export function userOf(name: string): string {
  const plain = `microvm-${name}`;
  if (plain.length <= USER_LENGTH && /^[A-Za-z0-9_-]+$/.test(plain) && plain !== STORE_GROUP) return plain;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  const short = plain.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, USER_LENGTH - hash.length - 1);
  return `${short}-${hash}`;
}
