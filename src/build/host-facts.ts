/** What this machine is. */
import { MicrovmError } from "../errors.ts";
import { readTextIfExists } from "../os/files.ts";
import { type DebianPackageSet, debian } from "../packages/debian/package-set.ts";
import { hostArchitecture } from "../packages/host-tools.ts";

/** The package set of this machine's own system (os-release(5)): the default of guests that name none. */
export function hostPackageSet(osRelease = readTextIfExists("/etc/os-release") ?? ""): DebianPackageSet {
  const field = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, "m").exec(osRelease)?.[1];
  const suite = field("VERSION_CODENAME");
  if (field("ID") === "debian" && suite) return debian({ suite, architecture: hostArchitecture() });
  throw new MicrovmError(
    "unsupported",
    "The VM names no package set, and this host's system is no Debian release",
    {
      hint: 'Give the VM one: pkgs: debian({ suite: "trixie", architecture: "amd64", mirror: "https://MIRROR/debian" })',
    },
  );
}
