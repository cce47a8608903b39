/** `security.pki`: certificates that the guest trusts beside the distribution's. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../module-system/index.ts";
import { type ProjectFiles, readProjectText } from "./project-files.ts";

/** Options of trusted certificates. */
export const certificatesOptions = {
  security: {
    pki: {
      certificates: mkOption({
        type: types.listOf(
          types.strMatching(/^[\s\S]*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/),
        ),
        default: [],
        description: "Certificates of authorities to trust, in PEM.",
        example: ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"],
      }),
      certificateFiles: mkOption({
        type: types.listOf(types.str),
        default: [],
        description:
          "Files of the project that hold certificates in PEM, relative to its directory. They are read when the guest is evaluated.",
        example: ["authority.pem"],
      }),
    },
  },
} as const;

interface Arguments extends ProjectFiles {
  readonly config: InferConfig<typeof certificatesOptions>;
}

const implementation = ({ config, readText }: Arguments) => ({
  config: mkIf(() => isUsed(config), {
    environment: {
      servicePackages: ["ca-certificates"],
      // Where Debian's update-ca-certificates(8) finds local ones.
      files: () => {
        const { certificates, certificateFiles } = config.security.pki;
        const texts = [
          ...certificates,
          ...certificateFiles.map((file) => readProjectText(readText, "security.pki.certificateFiles", file)),
        ];
        return Object.fromEntries(
          texts.map((text, index) => [
            `/usr/local/share/ca-certificates/microvm-${index}.crt`,
            { text: `${text.trim()}\n` },
          ]),
        );
      },
    },
    systemd: {
      services: {
        "update-ca-certificates": {
          description: "Trusted certificates (security.pki)",
          wantedBy: ["sysinit.target"],
          before: ["sysinit.target", "shutdown.target"],
          after: ["local-fs.target"],
          unitConfig: { DefaultDependencies: false },
          serviceConfig: {
            Type: "oneshot",
            RemainAfterExit: true,
            ExecStart: "/usr/sbin/update-ca-certificates",
          },
        },
      },
    },
  }),
});

function isUsed({ security: { pki } }: InferConfig<typeof certificatesOptions>): boolean {
  return pki.certificates.length > 0 || pki.certificateFiles.length > 0;
}

/** Declares them. */
export const certificates = withFile("src/options/guest/certificates.ts", {
  imports: [implementation],
  options: certificatesOptions,
});
