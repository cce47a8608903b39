/** `services.openssh`. */
import {
  type InferConfig,
  mkDefault,
  mkEnableOption,
  mkIf,
  mkOption,
  types,
  withFile,
} from "../../../module-system/index.ts";

/** Options of the OpenSSH server. */
export const opensshOptions = {
  services: {
    openssh: {
      enable: mkEnableOption("the OpenSSH server"),
      settings: mkOption({
        type: types.attrsOf(types.oneOf([types.bool, types.int, types.str])),
        default: {},
        description:
          "Settings of sshd_config(5), by name. They come first, so that they win over the package's.",
        example: { PasswordAuthentication: false },
      }),
    },
  },
} as const;

/** Runs the package set's OpenSSH server. */
const implementation = ({ config }: { readonly config: InferConfig<typeof opensshOptions> }) => ({
  config: mkIf(() => config.services.openssh.enable, {
    environment: {
      packages: ["openssh-server"],
      etc: {
        // The configuration is generated; a fault in it fails the start itself.
        "systemd/system/ssh.service.d/microvm.conf": { text: "[Service]\nExecStartPre=\n" },
        "ssh/sshd_config.d/00-microvm.conf": {
          text: () =>
            Object.entries(config.services.openssh.settings)
              .map(([key, value]) => `${key} ${value === true ? "yes" : value === false ? "no" : value}\n`)
              .join(""),
        },
      },
    },
    // Host keys belong to one guest: they are made at its first start, one quick kind of them.
    systemd: {
      services: {
        "ssh-host-keys": {
          description: "Host keys of the OpenSSH server",
          wantedBy: ["ssh.service"],
          before: ["ssh.service"],
          unitConfig: { ConditionPathExists: "!/etc/ssh/ssh_host_ed25519_key" },
          serviceConfig: {
            Type: "oneshot",
            ExecStart: '/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key',
          },
        },
      },
    },
    services: {
      openssh: {
        settings: {
          HostKey: mkDefault("/etc/ssh/ssh_host_ed25519_key"),
          // The second is where "users.users.NAME.openssh.authorizedKeys" goes.
          AuthorizedKeysFile: mkDefault(".ssh/authorized_keys /etc/ssh/authorized_keys.d/%u"),
        },
      },
    },
  }),
});

/** Declares the options, and runs the package set's OpenSSH server. */
export const openssh = withFile("src/options/guest/services/openssh.ts", {
  imports: [implementation],
  options: opensshOptions,
});
