import type { InferConfig } from "../../module-system/index.ts";
import type { bootOptions } from "./boot.ts";
import type { certificatesOptions } from "./certificates.ts";
import type { checksOptions } from "./checks.ts";
import type { consoleTextOptions } from "./console.ts";
import type { credentialsOptions } from "./credentials.ts";
import type { devicesOptions } from "./devices.ts";
import type { documentationOptions } from "./documentation.ts";
import type { environmentOptions } from "./environment.ts";
import type { fileSystemsOptions } from "./file-systems.ts";
import type { firewallOptions } from "./firewall.ts";
import type { graphicsOptions } from "./graphics.ts";
import type { i18nOptions } from "./i18n.ts";
import type { interfacesOptions } from "./interfaces.ts";
import type { lifecycleOptions } from "./lifecycle.ts";
import type { liveChangeOptions } from "./live-change.ts";
import type { machineOptions } from "./machine.ts";
import type { memoryOptions } from "./memory.ts";
import type { networkInterfacesOptions } from "./network-interfaces.ts";
import type { networkdOptions } from "./networkd.ts";
import type { networkingOptions } from "./networking.ts";
import type { optimizeOptions } from "./optimize.ts";
import type { otherHypervisorsOptions } from "./other-hypervisors.ts";
import type { programsOptions } from "./programs.ts";
import type { qemuOptions } from "./qemu.ts";
import type { runnerOptions } from "./runner.ts";
import type { caddyOptions } from "./services/caddy.ts";
import type { consoleOptions } from "./services/consoles.ts";
import type { cronOptions } from "./services/cron.ts";
import type { journaldOptions } from "./services/journald.ts";
import type { nginxOptions } from "./services/nginx-options.ts";
import type { nodeExporterOptions } from "./services/node-exporter.ts";
import type { opensshOptions } from "./services/openssh.ts";
import type { postgresqlOptions } from "./services/postgresql-options.ts";
import type { redisOptions } from "./services/redis.ts";
import type { resolvedOptions } from "./services/resolved.ts";
import type { timesyncdOptions } from "./services/timesyncd.ts";
import type { setuidOptions } from "./setuid.ts";
import type { sharesOptions } from "./shares.ts";
import type { sudoOptions } from "./sudo.ts";
import type { swapOptions } from "./swap.ts";
import type { SystemdOptions } from "./systemd.ts";
import type { sysusersOptions } from "./sysusers.ts";
import type { tmpfilesOptions } from "./tmpfiles.ts";
import type { usersOptions } from "./users.ts";
import type { volumesOptions } from "./volumes.ts";

/** The merged configuration of a guest. */
export type GuestConfig = InferConfig<
  typeof machineOptions &
    typeof optimizeOptions &
    typeof memoryOptions &
    typeof graphicsOptions &
    typeof lifecycleOptions &
    typeof liveChangeOptions &
    typeof volumesOptions &
    typeof fileSystemsOptions &
    typeof swapOptions &
    typeof interfacesOptions &
    typeof sharesOptions &
    typeof qemuOptions &
    typeof otherHypervisorsOptions &
    typeof runnerOptions &
    typeof credentialsOptions &
    typeof devicesOptions &
    typeof networkingOptions &
    typeof networkInterfacesOptions &
    typeof networkdOptions &
    typeof firewallOptions &
    typeof resolvedOptions &
    typeof timesyncdOptions &
    typeof setuidOptions &
    typeof sudoOptions &
    typeof certificatesOptions &
    typeof checksOptions &
    typeof tmpfilesOptions &
    typeof sysusersOptions &
    typeof environmentOptions &
    SystemdOptions &
    typeof usersOptions &
    typeof bootOptions &
    typeof i18nOptions &
    typeof consoleTextOptions &
    typeof documentationOptions &
    typeof programsOptions &
    typeof consoleOptions &
    typeof nginxOptions &
    typeof caddyOptions &
    typeof postgresqlOptions &
    typeof redisOptions &
    typeof nodeExporterOptions &
    typeof cronOptions &
    typeof journaldOptions &
    typeof opensshOptions
>;

/** What a module of a guest may read. */
export interface GuestArguments {
  readonly config: GuestConfig;
  /** The declared options, with what is known of each. */
  readonly options: object;
}
