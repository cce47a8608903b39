import type { InferConfig } from "../../module-system/index.ts";
import type { machineOptions } from "./microvm.ts";
import type { consoleOptions } from "./services/consoles.ts";
import type { nginxOptions } from "./services/nginx.ts";
import type { opensshOptions } from "./services/openssh.ts";
import type { systemOptions } from "./system.ts";

/** The merged configuration of a guest. */
export type GuestConfig = InferConfig<
  { microvm: typeof machineOptions } & typeof systemOptions &
    typeof consoleOptions &
    typeof nginxOptions &
    typeof opensshOptions
>;

/** What a module of a guest may read. */
export interface GuestArguments {
  readonly config: GuestConfig;
}
