import type { InferConfig } from "../../module-system/index.ts";
import type { bootOptions } from "./boot.ts";
import type { certificatesOptions } from "./certificates.ts";
import type { credentialsOptions } from "./credentials.ts";
import type { devicesOptions } from "./devices.ts";
import type { environmentOptions } from "./environment.ts";
import type { firewallOptions } from "./firewall.ts";
import type { interfacesOptions } from "./interfaces.ts";
import type { machineOptions } from "./machine.ts";
import type { networkInterfacesOptions } from "./network-interfaces.ts";
import type { networkdOptions } from "./networkd.ts";
import type { networkingOptions } from "./networking.ts";
import type { qemuOptions } from "./qemu.ts";
import type { consoleOptions } from "./services/consoles.ts";
import type { nginxOptions } from "./services/nginx.ts";
import type { opensshOptions } from "./services/openssh.ts";
import type { resolvedOptions } from "./services/resolved.ts";
import type { timesyncdOptions } from "./services/timesyncd.ts";
import type { sharesOptions } from "./shares.ts";
import type { sudoOptions } from "./sudo.ts";
import type { SystemdOptions } from "./systemd.ts";
import type { tmpfilesOptions } from "./tmpfiles.ts";
import type { usersOptions } from "./users.ts";
import type { volumesOptions } from "./volumes.ts";

/** The merged configuration of a guest. */
export type GuestConfig = InferConfig<
  typeof machineOptions &
    typeof volumesOptions &
    typeof interfacesOptions &
    typeof sharesOptions &
    typeof qemuOptions &
    typeof credentialsOptions &
    typeof devicesOptions &
    typeof networkingOptions &
    typeof networkInterfacesOptions &
    typeof networkdOptions &
    typeof firewallOptions &
    typeof resolvedOptions &
    typeof timesyncdOptions &
    typeof sudoOptions &
    typeof certificatesOptions &
    typeof tmpfilesOptions &
    typeof environmentOptions &
    SystemdOptions &
    typeof usersOptions &
    typeof bootOptions &
    typeof consoleOptions &
    typeof nginxOptions &
    typeof opensshOptions
>;

/** What a module of a guest may read. */
export interface GuestArguments {
  readonly config: GuestConfig;
  /** The declared options, with what is known of each. */
  readonly options: object;
}
