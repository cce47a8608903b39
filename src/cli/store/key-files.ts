/** Where keys lie: one's own secret key, and the public keys that are trusted. */
import { join, resolve } from "node:path";
import { MicrovmError, messageOf, systemCode } from "../../errors.ts";
import { mkdirSync, readdirSync, readFileSync, readTextIfExists } from "../../os/files.ts";
import { ownUid } from "../../os/user-namespace.ts";
import { configDirectory, configNames } from "../../paths.ts";
import { type NamedKey, parsePublicKey, parseSecretKey } from "../../store/signing-keys.ts";

/** Absolute paths of one's own secret key, and of the directory of trusted keys. */
export function keyPlaces(): { readonly secret: string; readonly trusted: string } {
  const directory = resolve(configDirectory(process.env, ownUid()));
  return {
    secret: join(directory, configNames.signingKey),
    trusted: join(directory, configNames.trustedKeys),
  };
}

/** Makes a directory for keys, for its owner only. Errors: `permission-denied`. */
export function makeKeyDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new MicrovmError("permission-denied", `Cannot make "${path}": ${messageOf(error)}`, {
      hint: "Set MICROVM_CONFIG_DIR to a directory of yours",
      cause: error,
    });
  }
}

/** The secret key in a file, by default one's own; undefined when there is no such default. */
export function readSecretKey(file: string | undefined): NamedKey | undefined {
  const path = file ?? keyPlaces().secret;
  const text = readTextIfExists(path);
  if (text !== undefined) return parseSecretKey(text, `"${path}"`);
  if (file === undefined) return undefined;
  throw new MicrovmError("signature-invalid", `There is no file "${path}" with a secret key`, {
    hint: "Make one: microvm store key generate NAME",
  });
}

/** All trusted keys. A file that is none is an error (`signature-invalid`). */
export function readTrustedKeys(): NamedKey[] {
  const { trusted } = keyPlaces();
  try {
    return readdirSync(trusted)
      .sort()
      .map((name) => parsePublicKey(readFileSync(join(trusted, name), "utf8"), `"${join(trusted, name)}"`));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
