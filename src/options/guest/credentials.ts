/** `microvm.credentialFiles`: secrets of the host, which never enter the store. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of the guest's credentials. */
export const credentialsOptions = {
  microvm: {
    credentialFiles: mkOption({
      type: types.attrsOf(types.path),
      default: {},
      description:
        "Files of the host whose contents the guest has as system credentials, by the credential's name: at most 28 letters, digits, dots, dashes and underscores. The hypervisor reads them when the VM starts; they are never copied. A file has at most 1 MiB, and nobody but its owner may write to it. In the guest, services take them with `ImportCredential` and `LoadCredential`, systemd.exec(5).",
      example: { "database-password": "/run/secrets/database-password" },
    }),
  },
} as const;

/** Declares them. */
export const credentials = withFile("src/options/guest/credentials.ts", { options: credentialsOptions });

/**
 * What may be the name of a credential: systemd takes file names, and of the 55 characters of a name in QEMU's
 * fw_cfg, `opt/io.systemd.credentials/` takes 27.
 */
export const CREDENTIAL_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,28}$/;
