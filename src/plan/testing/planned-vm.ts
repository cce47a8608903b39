/** A VM to plan, with packages that were never fetched. */
import type { GuestConfig } from "../../options/guest.ts";
import { guestConfig } from "../../options/testing/evaluate.ts";
import type { NamedPackage } from "../../packages/debian/lock-packages.ts";
import { type DebianPackageSet, debian } from "../../packages/debian/package-set.ts";
import type { LockedWishes, PlannedVm } from "../plan.ts";
import { wishesOf } from "../wishes.ts";

/** Where the host's store is said to be. */
export const STORE = "/var/lib/microvm/store";

/** The host that plans. */
export const HOST = { architecture: "amd64", storeDirectory: STORE };

/** A share of the host's store. */
export const STORE_SHARE = {
  source: STORE,
  mountPoint: "/microvm/.ro-store",
  tag: "ro-store",
  proto: "virtiofs",
} as const;

/** The package set of the VMs. */
export const SET = debian({ suite: "trixie", architecture: "amd64" });

function locked(set: DebianPackageSet, wanted: Readonly<Record<string, readonly string[]>>): LockedWishes {
  const pin = (name: string): NamedPackage => ({
    // A kernel's metapackage brings the kernel.
    name: name.replace(/^linux-image-cloud/, "linux-image-6.12.0-cloud"),
    version: "1",
    architecture: set.architecture,
    file: `pool/${name}.deb`,
    size: 1,
    sha256: Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64),
  });
  const packages = Object.entries(wanted).map(([key, names]) => [key, names.map(pin)] as const);
  return { set, packages: Object.fromEntries(packages), date: 1_750_000_000 };
}

/** A VM with this configuration, its wishes locked. */
// biome-ignore lint/suspicious/noExplicitAny: a module of a guest
export function plannedVm(module: any = {}, name = "web", set = SET): PlannedVm {
  const config: GuestConfig = guestConfig(module);
  const { guest, tools } = wishesOf(config, set, HOST);
  const wanted = (requests: typeof guest.requests) =>
    Object.fromEntries(requests.map((request) => [request.key, request.wanted]));
  return {
    name,
    config,
    guest: locked(set, wanted(guest.requests)),
    tools: tools && locked(tools.set, wanted(tools.requests)),
    host: HOST,
    projectDirectory: "/srv/project",
  };
}
