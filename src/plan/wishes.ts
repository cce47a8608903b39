/** Which packages a guest and its host need: lists of names for each package set, before anything is resolved. */
import { MicrovmError } from "../errors.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { PackageRequest } from "../packages/debian/lock-packages.ts";
import { type DebianPackageSet, debian, hasUpdates } from "../packages/debian/package-set.ts";
import { MKFS } from "../runner/volumes.ts";
import { keptHostKeys } from "./host-keys.ts";
import { storeShare } from "./machine.ts";
import { isKernelFile } from "./project-file.ts";

/** What is needed of one package set. */
export interface SetWishes {
  readonly set: DebianPackageSet;
  readonly requests: readonly PackageRequest[];
}

/** What a VM needs. Tools are absent when the host's own programs are used. */
export interface Wishes {
  readonly guest: SetWishes;
  readonly tools: SetWishes | undefined;
}

/** On top of Debian's essential packages: systemd as init, and what a guest needs to be reached. */
const BASE_PACKAGES = [
  "apt",
  "dbus",
  "init",
  "iproute2",
  "kmod",
  "login",
  "mount",
  "passwd",
  "qemu-guest-agent",
  "systemd",
  "systemd-sysv",
  "udev",
];

/** Kernels for virtual machines, by distribution and architecture; the names of metapackages. */
const KERNELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  debian: { amd64: "linux-image-cloud-amd64", arm64: "linux-image-cloud-arm64" },
  ubuntu: { amd64: "linux-image-virtual", arm64: "linux-image-virtual" },
};

const QEMU_PACKAGES: Readonly<Record<string, string>> = {
  amd64: "qemu-system-x86",
  arm64: "qemu-system-arm",
};

/** depmod, and xz, which packages are compressed with. */
const BUILD_TOOLS = ["kmod", "xz-utils"];

/** Debian 13, stable since August 2025: where the host's tools come from, whatever the guest's own suite. */
const CURRENT_STABLE = "trixie";

/** What the machine that runs the VM brings. */
export interface HostFacts {
  /** Debian's name. */
  readonly architecture: string;
  /** Absolute path of the store. */
  readonly storeDirectory: string;
}

/** What a guest of an image takes from a package set: its agent, setpriv, which takes on a user, and script, for terminals. */
const IMAGE_PACKAGES = ["bsdutils", "qemu-guest-agent", "util-linux"];

/**
 * The wishes of a guest. `isImage`: its system is an image, and the package set has only what starts it. Errors:
 * `config-invalid`, `unsupported`.
 */
export function wishesOf(
  config: GuestConfig,
  set: DebianPackageSet,
  host: HostFacts,
  isImage = false,
): Wishes {
  const kernelPackage = kernelPackageOf(config, set);
  if (kernelPackage === undefined) {
    throw new MicrovmError("unsupported", `No kernel is known for the architecture "${set.architecture}"`, {
      hint: 'Name one with "boot.kernelPackage"',
    });
  }
  const { recommends } = set;
  const { packages, servicePackages } = config.environment;
  const beyondBase = (names: readonly string[]) => names.filter((name) => !BASE_PACKAGES.includes(name));
  const services = beyondBase(servicePackages);
  const added = beyondBase(packages).filter((name) => !services.includes(name));
  const kernel = [
    ...(kernelPackage === null ? [] : [request("kernel", [kernelPackage])]),
    request("busybox", ["busybox-static"]),
  ];
  if (isImage) {
    checkImagePackages(config);
    return {
      guest: { set, requests: [...kernel, request("image-programs", IMAGE_PACKAGES)] },
      tools: toolWishes(config, set, host, isImage),
    };
  }
  const requests = [
    { ...request("base", BASE_PACKAGES), essential: true, recommends },
    ...(services.length > 0 ? [{ ...request("services", services), on: "base", recommends }] : []),
    // Chosen together, as apt does it: the choice for the services alone tells what their own layer may have.
    ...(added.length > 0
      ? [{ ...request("packages", [...services, ...added]), on: "base", recommends }]
      : []),
    ...kernel,
  ];
  return { guest: { set, requests }, tools: toolWishes(config, set, host) };
}

/** The package with the kernel; null when the project has a kernel of its own, undefined when none is known. */
function kernelPackageOf({ boot, microvm }: GuestConfig, set: DebianPackageSet): string | null | undefined {
  if (isKernelFile(microvm.kernel)) return null;
  return microvm.kernel ?? boot.kernelPackage ?? KERNELS[set.type]?.[set.architecture];
}

function checkImagePackages({ environment: { packages, servicePackages }, security }: GuestConfig): void {
  if (security.setuidFiles !== null) {
    throw new MicrovmError(
      "config-invalid",
      '"security.setuidFiles" is defined, and the guest is made from an image, whose files stay as they are',
      { hint: "Leave the option out, or make the guest from packages with debian()" },
    );
  }
  const [name] = [...servicePackages, ...packages];
  if (name === undefined) return;
  throw new MicrovmError(
    "config-invalid",
    `"environment.packages" has "${name}", and the guest is made from an image: nothing is installed into one`,
    { hint: "Put the package into the image, or make the guest from packages with debian()" },
  );
}

/** The package set that a guest's kernel comes from when only an architecture is given. */
export function currentStable(architecture: string): DebianPackageSet {
  return debian({ suite: CURRENT_STABLE, architecture });
}

function toolWishes(
  config: GuestConfig,
  set: DebianPackageSet,
  host: HostFacts,
  isImage = false,
): Wishes["tools"] {
  const chosen = config.microvm.vmHostPackages;
  if (chosen === "host") return undefined;
  const toolSet = chosen === null ? defaultToolSet(set, host.architecture) : (chosen as DebianPackageSet);
  const qemu = config.microvm.qemu.package ?? QEMU_PACKAGES[set.architecture];
  if (qemu === undefined) {
    throw new MicrovmError("unsupported", `QEMU's package for "${set.architecture}" is not known`, {
      hint: 'Set "microvm.vmHostPackages" to "host" to use the program on PATH',
    });
  }
  const { volumes } = config.microvm;
  const mkfsPackages = new Set(
    volumes.filter(({ autoCreate }) => autoCreate).map(({ fsType }) => MKFS[fsType]!.package),
  );
  return {
    set: toolSet,
    requests: [
      request("qemu", [qemu, "socat", config.microvm.virtiofsd.package ?? "virtiofsd"]),
      ...(usesDisks(config, host.storeDirectory) ? [diskTools(config)] : []),
      ...[...mkfsPackages].sort().map((name) => request(name, [name])),
      ...(volumes.some(({ imageType }) => imageType !== "raw")
        ? [request("qemu-utils", ["qemu-utils"])]
        : []),
      // An image is not configured here: nothing of it runs before the guest does.
      ...(set.architecture === host.architecture || isImage ? [] : [request("emulator", ["qemu-user"])]),
      ...(isImage ? [request("attributes", ["attr"])] : []),
      ...(hasTaps(config) ? [request("iproute2", ["iproute2"])] : []),
      ...(keptHostKeys(config).length > 0 ? [request("openssh-client", ["openssh-client"])] : []),
      request("build-tools", BUILD_TOOLS),
    ],
  };
}

/** What makes the layers' disks. */
function diskTools({ microvm }: GuestConfig): PackageRequest {
  const name = microvm.storeDiskType === "squashfs" ? "squashfs-tools" : "erofs-utils";
  return request(name, [name]);
}

/** Whether the host makes interfaces for the guest before it starts. */
function hasTaps({ microvm: { interfaces } }: GuestConfig): boolean {
  return interfaces.some(({ type }) => type !== "user");
}

/** What the host's networks are run with: ip, nft and dnsmasq, which answers for addresses and names. */
export function networkWishes(host: HostFacts): SetWishes {
  return {
    set: currentStable(host.architecture),
    requests: [
      request("network-tools", ["dnsmasq-base", "iproute2", "nftables"]),
      request("build-tools", BUILD_TOOLS),
    ],
  };
}

/**
 * Debian's own tools, without what the guest's set has of others, pins and prohibitions. Ubuntu's QEMU finds its
 * parts only where it is installed, so its guests are run by Debian's, too.
 */
function defaultToolSet(set: DebianPackageSet, architecture: string): DebianPackageSet {
  const suite = CURRENT_STABLE;
  if (set.type !== "debian") return debian({ suite, architecture });
  const { mirror, snapshot, keyring, security, updates, components } = set;
  const { checkValidUntil, fallbackMirrors } = set;
  const isSame = set.suite === suite;
  // What the guest's set says of updates counts where it could have said otherwise.
  const isSaid = isSame || (keyring === null && hasUpdates("debian", set.suite));
  return debian({
    suite,
    architecture,
    mirror,
    snapshot,
    keyring,
    checkValidUntil,
    fallbackMirrors,
    ...(isSaid && { security, updates }),
    ...(isSame && { components }),
  });
}

/** Whether the guest's layers are disks; otherwise it mounts the host's store. */
export function usesDisks(config: GuestConfig, storeDirectory: string): boolean {
  const { microvm } = config;
  const isShared = storeShare(config, storeDirectory) !== undefined;
  if (microvm.storeOnDisk === false && !isShared) {
    throw new MicrovmError(
      "config-invalid",
      `"microvm.storeOnDisk" is false, and no share has the store "${storeDirectory}" as its source: nothing brings the guest's layers`,
      { hint: "Add a share with the source `storeDir`, or leave the option out" },
    );
  }
  return microvm.storeOnDisk ?? !isShared;
}

function request(key: string, wanted: readonly string[]): PackageRequest {
  return { key, wanted, essential: false };
}
