/** `microvm.credentialFiles`: secrets of the host, which never enter the store. */
import { mkOption, types, withFile } from "../../module-system/index.ts";
import { type DefinedIn, definitionFiles, optionName } from "./defined-in.ts";

const useOptions = {
  option: mkOption({
    type: types.listOf(types.str),
    description: "The option, by its names.",
    example: ["services", "redis", "servers", "cache", "requirePassFile"],
  }),
  name: mkOption({ type: types.str, description: "Its value.", example: "redis-password" }),
} as const;

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
    credentialUses: mkOption({
      type: types.listOf(types.submodule({ options: useOptions })),
      default: [],
      internal: true,
      description: "Options that take the name of a credential, so that one that is none is noticed.",
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

/** A message when an option's value is not the name of a declared credential. The value may be the secret itself: it is not shown. */
export function credentialFault(
  { option, name }: { readonly option: readonly string[]; readonly name: string },
  declared: object,
  options: DefinedIn,
): string[] {
  const files = definitionFiles(options, option).map((file) => `"${file}"`);
  const where = files.length > 0 ? `, in ${files.join(" and ")}` : "";
  if (!CREDENTIAL_NAME.test(name)) {
    return [
      `"${optionName(option)}" is no name of a credential: it takes a name of "microvm.credentialFiles", neither the secret itself nor its path${where}`,
    ];
  }
  if (Object.hasOwn(declared, name)) return [];
  return [
    `"${optionName(option)}" names the credential "${name}", which "microvm.credentialFiles" does not have${where}`,
  ];
}
