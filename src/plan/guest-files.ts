/** From a guest's options to the files of its configuration layer. Pure. */
import type { ConfigLayer } from "../guest/config-layer.ts";
import type { TracedUnit } from "../guest/unit-files.ts";
import type { GuestConfig } from "../options/guest.ts";
import { isReadOnlySystem } from "./early-mounts.ts";
import { groups, users } from "./guest-files/accounts.ts";
import { declaredFiles, declaredOwners } from "./guest-files/declared.ts";
import { dpkgFiles } from "./guest-files/dpkg.ts";
import type { ShowFile } from "./guest-files/entries.ts";
import { fileSystemFiles } from "./guest-files/file-systems.ts";
import { identityFiles } from "./guest-files/identity.ts";
import { kernelFiles } from "./guest-files/kernel.ts";
import { lastingMountFiles } from "./guest-files/lasting-mounts.ts";
import { loginFiles } from "./guest-files/login.ts";
import { networkFiles } from "./guest-files/network.ts";
import { networkdFiles } from "./guest-files/networkd.ts";
import { optimizationFiles } from "./guest-files/optimization.ts";
import { stageFiles } from "./guest-files/stages.ts";
import { declaredUnits, unitSupportFiles } from "./guest-files/units.ts";

/** The configuration layer of a guest, and its units with the options that declare them. */
export interface GuestFiles extends ConfigLayer {
  readonly units: readonly TracedUnit[];
}

/**
 * The configuration layer of a guest. Later files win over earlier ones of the same path, and all of them over units.
 * `showFile` tells what comments call a module's file.
 */
export function guestFiles(
  config: GuestConfig,
  storeMount: string | null,
  showFile: ShowFile = (file) => file,
  name = config.networking.hostName,
  isImage = false,
): GuestFiles {
  const entries = [
    ...identityFiles(config),
    ...networkFiles(config),
    ...networkdFiles(name, config),
    ...fileSystemFiles(config, storeMount),
    ...kernelFiles(config),
    ...loginFiles(config),
    ...dpkgFiles(config),
    ...optimizationFiles(config),
    ...(config.microvm.optimize.enable
      ? lastingMountFiles(config, storeMount, isReadOnlySystem(config, isImage))
      : []),
    ...stageFiles(config),
    ...unitSupportFiles(config, showFile),
    ...declaredFiles(config, showFile),
  ];
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  return {
    entries: [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    units: declaredUnits(config, showFile),
    users: users(config, showFile),
    groups: groups(config),
    owners: declaredOwners(config),
    ...(config.systemd.sysusers.enable && { sysusers: true }),
  };
}
