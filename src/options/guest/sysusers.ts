/** `systemd.sysusers`: accounts that are looked after when the guest starts. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of systemd-sysusers. */
export const sysusersOptions = {
  systemd: {
    sysusers: {
      enable: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether systemd-sysusers runs at every start, with the declared users and groups in `/etc/sysusers.d/microvm.conf`: it makes those that a kept `/etc/passwd` or `/etc/group` lacks, without a password. A guest has its accounts from its build anyway, with the same ids, so that files of its configuration can belong to them; in NixOS this option has them made at the start only.",
      }),
    },
  },
} as const;

const implementation = ({ config }: { readonly config: InferConfig<typeof sysusersOptions> }) => ({
  config: mkIf(() => config.systemd.sysusers.enable, {
    // The package's unit runs only after an update of the system, which a new layer is not known as.
    systemd: { services: { "systemd-sysusers": { unitConfig: { ConditionNeedsUpdate: "" } } } },
  }),
});

/** Declares them, and has the service run. */
export const sysusers = withFile("src/options/guest/sysusers.ts", {
  imports: [implementation],
  options: sysusersOptions,
});
