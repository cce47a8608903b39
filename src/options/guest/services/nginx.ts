/** `services.nginx`. */
import { type InferConfig, mkIf, withFile } from "../../../module-system/index.ts";
import { definitionFiles, optionName } from "../defined-in.ts";
import { generatedFile } from "../generated-file.ts";
import type { usersOptions } from "../users.ts";
import { hasTls, hostListeners } from "./nginx-listen.ts";
import { type NginxConfig, nginxOptions } from "./nginx-options.ts";
import { nginxText } from "./nginx-text.ts";

const PATH = ["services", "nginx"];

type Config = InferConfig<typeof nginxOptions & typeof usersOptions>;

interface Arguments {
  readonly config: Config;
  readonly options: object;
}

/** Runs the package set's nginx. */
const implementation = ({ config, options }: Arguments) => {
  const nginx = () => config.services.nginx;
  const usesTls = () => Object.values(nginx().virtualHosts).some(hasTls);
  return {
    config: mkIf(() => nginx().enable, {
      environment: {
        // The check makes the certificates that are not there before the guest starts.
        servicePackages: () => (usesTls() ? ["nginx", "openssl"] : ["nginx"]),
        etc: { "nginx/nginx.conf": generatedFile(options, PATH, () => nginxText(nginx())) },
      },
      systemd: {
        services: {
          // The configuration was checked before the guest was built, so that it is not at each start.
          nginx: { serviceConfig: { ExecStartPre: [""] }, reloadTriggers: () => [nginxText(nginx())] },
        },
      },
      system: {
        checks: {
          nginx: {
            option: "services.nginx",
            definedIn: () => definitionFiles(options, PATH),
            program: "/usr/sbin/nginx",
            files: ["/etc/nginx"],
            script: () => checkScript(config),
          },
        },
      },
      networking: { listeners: () => listeners(nginx()) },
      assertions: () => tlsAssertions(nginx()),
    }),
  };
};

function listeners(nginx: NginxConfig) {
  return Object.entries(nginx.virtualHosts).flatMap(([name, host]) =>
    hostListeners(nginx, host).flatMap(({ addr: address, port }) =>
      address.startsWith("unix:")
        ? []
        : [{ service: "services.nginx", option: [...PATH, "virtualHosts", name], address, port }],
    ),
  );
}

function tlsAssertions({ virtualHosts }: NginxConfig) {
  return Object.entries(virtualHosts).flatMap(([name, host]) => {
    const option = optionName([...PATH, "virtualHosts", name]);
    const kinds = (["addSSL", "onlySSL", "forceSSL"] as const).filter((kind) => host[kind]);
    return [
      {
        assertion: kinds.length < 2,
        message: `"${option}" has ${kinds.map((kind) => `"${kind}"`).join(" and ")}: give one of them`,
      },
      {
        assertion: !hasTls(host) || (host.sslCertificate !== null && host.sslCertificateKey !== null),
        message: `"${option}" is encrypted: it needs "sslCertificate" and "sslCertificateKey"`,
      },
    ];
  });
}

/** What a configuration names and only the guest has: accounts, certificates and keys. */
function checkScript({ services: { nginx }, users }: Config): string {
  const isDeclared = Object.hasOwn(users.users, nginx.user) || Object.hasOwn(users.groups, nginx.group);
  const accounts = isDeclared
    ? `grep -q '^${nginx.group}:' /etc/group || echo '${nginx.group}:x:60001:' >>/etc/group
grep -q '^${nginx.user}:' /etc/passwd || echo '${nginx.user}:x:60001:60001::/:/bin/false' >>/etc/passwd
`
    : "";
  const certificates = Object.values(nginx.virtualHosts)
    .filter(hasTls)
    .map(({ sslCertificate, sslCertificateKey, sslTrustedCertificate }) =>
      [
        `certificate ${sslCertificate} ${sslCertificateKey}\n`,
        sslTrustedCertificate === null ? "" : `certificate ${sslTrustedCertificate} /tmp/key\n`,
      ].join(""),
    );
  const make =
    certificates.length > 0
      ? `certificate() {
  [ ! -e "$1" ] || [ ! -e "$2" ] || return 0
  mkdir -p "\${1%/*}" "\${2%/*}"
  openssl req -quiet -x509 -newkey rsa:2048 -nodes -subj /CN=check -keyout "$2" -out "$1" 2>/dev/null
}
`
      : "";
  return `${accounts}${make}${certificates.join("")}nginx -t -q\n`;
}

/** Declares the options, and runs the package set's nginx. */
export const nginx = {
  imports: [
    withFile("src/options/guest/services/nginx-options.ts", { options: nginxOptions }),
    withFile("src/options/guest/services/nginx.ts", implementation),
  ],
};
