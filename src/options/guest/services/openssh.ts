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
import { definitionFiles } from "../defined-in.ts";
import { generatedFile } from "../generated-file.ts";
import { isOnVolume, type volumesOptions } from "../volumes.ts";
import { hostKeyScript } from "./ssh-host-keys.ts";

/** `services.openssh.hostKeys.*`. */
const hostKey = types.submodule({
  options: {
    path: mkOption({
      type: types.strMatching(/^(\/[A-Za-z0-9_.-]+)+$/),
      description: "File of the secret key in the guest; the name of the file is at most 28 characters long.",
      example: "/etc/ssh/ssh_host_ed25519_key",
    }),
    type: mkOption({
      type: types.enum(["ed25519", "rsa", "ecdsa"]),
      description: "Kind of the key.",
      example: "ed25519",
    }),
    bits: mkOption({
      type: types.nullOr(types.ints.positive),
      default: null,
      description: "Length of the key. Null takes ssh-keygen's own.",
      example: 4096,
    }),
    comment: mkOption({
      type: types.strMatching(/^[^\n]*$/),
      default: "",
      description: "Comment in the key. Empty makes it `root@HOSTNAME`.",
      example: "web",
    }),
  },
});

/** Options of the OpenSSH server. */
export const opensshOptions = {
  services: {
    openssh: {
      enable: mkEnableOption("the OpenSSH server"),
      ports: mkOption({
        type: types.listOf(types.port),
        default: [22],
        description: "Ports that the server listens on.",
        example: [22, 2222],
      }),
      openFirewall: mkOption({
        type: types.bool,
        default: true,
        description: "Whether the firewall lets these ports in.",
      }),
      hostKeys: mkOption({
        type: types.listOf(hostKey),
        default: [{ path: "/etc/ssh/ssh_host_ed25519_key", type: "ed25519" }],
        description:
          "Keys by which the server is known, made once for each VM and the same at every start. One whose path is on a volume is made there by the guest. Others are made by the runner, kept in the VM's directory, and handed to the guest as credentials. NixOS has an RSA key as well by default.",
        example: [{ path: "/var/lib/ssh/ssh_host_rsa_key", type: "rsa", bits: 4096 }],
      }),
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

type Config = InferConfig<typeof opensshOptions & typeof volumesOptions>;

const PATH = ["services", "openssh"];

/** Host keys come when the guest starts: the check has one of its own, and what sshd says of the others is left out. */
const CHECK_SCRIPT = `mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f /tmp/key
status=0
sshd -t -h /tmp/key 2>/tmp/said || status=$?
sed '/^Unable to load host key: /d' /tmp/said
exit $status
`;

/** Runs the package set's OpenSSH server. */
const implementation = ({ config, options }: { readonly config: Config; readonly options: object }) => ({
  config: mkIf(() => config.services.openssh.enable, {
    environment: {
      servicePackages: ["openssh-server"],
      etc: {
        "ssh/sshd_config.d/00-microvm.conf": generatedFile(options, PATH, () =>
          sshdConfig(config.services.openssh),
        ),
      },
    },
    systemd: {
      services: {
        "ssh-host-keys": () => hostKeyService(config),
        // The configuration was checked before the guest was built, so that it is not at each start.
        ssh: {
          serviceConfig: { ExecStartPre: [""] },
          reloadTriggers: () => [sshdConfig(config.services.openssh)],
        },
      },
    },
    system: {
      checks: {
        openssh: {
          option: "services.openssh",
          definedIn: () => definitionFiles(options, PATH),
          program: "/usr/sbin/sshd",
          files: ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d"],
          script: CHECK_SCRIPT,
        },
      },
    },
    networking: {
      firewall: {
        allowedTCPPorts: mkIf(
          () => config.services.openssh.openFirewall,
          () => config.services.openssh.ports,
        ),
      },
      listeners: () =>
        config.services.openssh.ports.map((port) => ({
          service: "services.openssh",
          option: [...PATH, "ports"],
          port,
        })),
    },
    services: {
      openssh: {
        settings: {
          // The second is where "users.users.NAME.openssh.authorizedKeys" goes.
          AuthorizedKeysFile: mkDefault(".ssh/authorized_keys /etc/ssh/authorized_keys.d/%u"),
        },
      },
    },
  }),
});

function sshdConfig({ ports, hostKeys, settings }: Config["services"]["openssh"]): string {
  const lines = [
    // The first of equal settings counts, but for ports, which add up.
    ...ports.map((port) => `Port ${port}`),
    ...hostKeys.map(({ path }) => `HostKey ${path}`),
    ...Object.entries(settings).map(
      ([key, value]) => `${key} ${value === true ? "yes" : value === false ? "no" : value}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** Puts the keys in their places before the server starts. */
function hostKeyService({ services: { openssh }, microvm }: Config) {
  const keys = openssh.hostKeys.map((key) => ({ ...key, isOwn: isOnVolume(key.path, microvm.volumes) }));
  const names = keys.filter(({ isOwn }) => !isOwn).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const own = keys.filter(({ isOwn }) => isOwn).map(({ path }) => path);
  return {
    description: "Host keys of the OpenSSH server (services.openssh.hostKeys)",
    wantedBy: ["ssh.service"],
    before: ["ssh.service"],
    unitConfig: own.length > 0 ? { RequiresMountsFor: own } : {},
    serviceConfig: {
      Type: "oneshot",
      ...(names.length > 0 && { LoadCredential: names.map((name) => `${name}:${name}`) }),
    },
    script: hostKeyScript(keys),
  };
}

/** Declares the options, and runs the package set's OpenSSH server. */
export const openssh = withFile("src/options/guest/services/openssh.ts", {
  imports: [implementation],
  options: opensshOptions,
});
