/** Clear-signed texts: an archive vouches for its `InRelease` with OpenPGP. */

import type { CleartextMessage, Key } from "openpgp";
import { MicrovmError, messageOf } from "../../errors.ts";
import { existsSync, readFileSync } from "../../os/files.ts";
import { DEBIAN_ARCHIVE_KEYS } from "./keys.ts";
import type { Distribution } from "./package-set.ts";
import { UBUNTU_ARCHIVE_KEYS } from "./ubuntu-keys.ts";

/** What is checked and how it is called in errors. */
export interface SignatureCheck {
  /** Which suite of which mirror, as a person would say it. */
  readonly subject: string;
  /** Path of a keyring, armored text, or null for the distribution's own keys. */
  readonly keyring: string | null;
  /** Whose keys count when there is no keyring. Default Debian's. */
  readonly distribution?: Distribution;
  /** When: default now. Keys that have expired by then do not count, as for apt. */
  readonly date?: Date;
}

/** Loads what verifies, while the message is on its way. Only fetching an index needs it. */
export function prepareVerifying(): void {
  import("openpgp").catch(() => {
    // Who verifies is told.
  });
}

/**
 * The signed text of a clear-signed message, line ends as `\n`. One good signature of a trusted key is
 * enough; those of unknown keys do not count; a bad one of a trusted key is an error: `signature-invalid`.
 */
export async function verifyClearSigned(message: string, check: SignatureCheck): Promise<string> {
  const openpgp = await import("openpgp");
  const date = check.date ?? new Date();
  const keys = await readKeyring(check);
  let parsed: CleartextMessage;
  try {
    parsed = await openpgp.readCleartextMessage({ cleartextMessage: message });
  } catch (error) {
    throw invalid(check, keys, `it is not a clear-signed message (${messageOf(error)})`);
  }
  const trusted = await withoutExpired(keys, date);
  const { data, signatures } = await openpgp.verify({ message: parsed, verificationKeys: trusted, date });
  let isGood = false;
  for (const signature of signatures) {
    // A signature names its key or one of its subkeys.
    if (!trusted.some((key) => key.getKeys(signature.keyID).length > 0)) {
      signature.verified.catch(() => {});
      continue;
    }
    try {
      isGood = (await signature.verified) || isGood;
    } catch (error) {
      throw invalid(
        check,
        keys,
        `the signature of key ${signature.keyID.toHex()} is bad (${messageOf(error)})`,
      );
    }
  }
  if (!isGood) {
    const signers = signatures.map((signature) => signature.keyID.toHex()).join(", ");
    throw invalid(
      check,
      keys,
      `no trusted and unexpired key signed it; it is signed by ${signers || "nobody"}`,
    );
  }
  return data.replaceAll("\r\n", "\n");
}

const OWN_KEYS: Readonly<Record<Distribution, readonly string[]>> = {
  debian: DEBIAN_ARCHIVE_KEYS,
  ubuntu: UBUNTU_ARCHIVE_KEYS,
};

async function readKeyring({ keyring, distribution = "debian" }: SignatureCheck): Promise<Key[]> {
  if (keyring === null) return readArmored(OWN_KEYS[distribution]);
  if (keyring.includes("-----BEGIN PGP")) return readArmored([keyring]);
  if (!existsSync(keyring)) {
    throw new MicrovmError(
      "signature-invalid",
      `Cannot read the keyring "${keyring}": there is no such file`,
      {
        hint: 'Set "keyring" to the path of a keyring, from the project\'s directory on, or to an armored public key',
      },
    );
  }
  const bytes = readFileSync(keyring);
  if (bytes.includes("-----BEGIN PGP")) return readArmored([bytes.toString()]);
  const openpgp = await import("openpgp");
  return openpgp.readKeys({ binaryKeys: bytes }).catch((error) => {
    throw unreadable(error);
  });
}

/** A text may hold several armored blocks, as concatenated keyrings do. */
async function readArmored(texts: readonly string[]): Promise<Key[]> {
  const openpgp = await import("openpgp");
  const blocks = texts.flatMap((text) => text.split(/(?=-----BEGIN PGP PUBLIC KEY BLOCK-----)/));
  const armored = blocks.filter((block) => block.includes("-----BEGIN PGP"));
  try {
    const keys = await Promise.all(armored.map((block) => openpgp.readKeys({ armoredKeys: block })));
    return keys.flat();
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(error: unknown): MicrovmError {
  return new MicrovmError("signature-invalid", `Cannot read the keyring: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Keys that are valid at that time; a revoked or expired one vouches for nothing, whenever it signed. */
async function withoutExpired(keys: readonly Key[], date: Date): Promise<Key[]> {
  const valid = await Promise.all(
    keys.map((key) =>
      key.verifyPrimaryKey(date).then(
        () => true,
        () => false,
      ),
    ),
  );
  return keys.filter((_, index) => valid[index]);
}

function invalid(check: SignatureCheck, keys: readonly Key[], why: string): MicrovmError {
  const tried = keys.map((key) => `${key.getKeyID().toHex()} (${key.getUserIDs()[0] ?? "no name"})`);
  return new MicrovmError("signature-invalid", `Cannot trust ${check.subject}: ${why}`, {
    hint: `Keys tried: ${tried.join(", ") || "none"}. If the archive is signed by others, set its "keyring"`,
  });
}
