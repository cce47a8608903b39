/**
 * Keys that streams of store paths are signed with: ed25519. As text, `microvm-secret:NAME:BASE64` and
 * `microvm-public:NAME:BASE64`, with the 32 bytes of the seed and of the public key (RFC 8032).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { MicrovmError } from "../errors.ts";

/** A key with its name, which says whose it is and counts for nothing else. */
export interface NamedKey {
  readonly name: string;
  readonly key: KeyObject;
}

/** A signature, and the name of the key that is said to have made it. */
export interface Signature {
  readonly key: string;
  /** Base 64. */
  readonly signature: string;
}

const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Bytes of a seed and of a public key. */
const KEY_LENGTH = 32;

/** A new pair of keys as text. A name that is none is `bad-usage`. */
export function generateKeys(name: string): { readonly secret: string; readonly public: string } {
  if (!KEY_NAME.test(name)) {
    throw new MicrovmError("bad-usage", `"${name}" is no name for a key`, {
      hint: "Use letters, digits, dots, dashes and underscores, at most 64: for example build-1.example.org",
    });
  }
  const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { secret: keyText("secret", name, d!), public: keyText("public", name, x!) };
}

/** Reads a secret key. `place` says where it stands, for the error (`signature-invalid`), which never shows the key. */
export function parseSecretKey(text: string, place: string): NamedKey {
  const { name, bytes } = parseKey(text, "secret", place);
  // PKCS#8 of an ed25519 seed (RFC 8410, section 7): a fixed beginning, then the seed.
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  return {
    name,
    key: createPrivateKey({ key: Buffer.concat([prefix, bytes]), format: "der", type: "pkcs8" }),
  };
}

/** Reads a public key; errors as above. */
export function parsePublicKey(text: string, place: string): NamedKey {
  const { name, bytes } = parseKey(text, "public", place);
  const x = bytes.toString("base64url");
  return { name, key: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }) };
}

/** A public key as text. */
export function publicKeyText({ name, key }: NamedKey): string {
  const { x } = key.export({ format: "jwk" });
  return keyText("public", name, x!);
}

function keyText(kind: "secret" | "public", name: string, base64url: string): string {
  return `microvm-${kind}:${name}:${Buffer.from(base64url, "base64url").toString("base64")}`;
}

function parseKey(text: string, kind: "secret" | "public", place: string) {
  const [label, name = "", base64 = "", ...more] = text.trim().split(":");
  const bytes = Buffer.from(base64, "base64");
  const isKey = label === `microvm-${kind}` && KEY_NAME.test(name) && more.length === 0;
  if (isKey && bytes.length === KEY_LENGTH && bytes.toString("base64") === base64) return { name, bytes };
  throw new MicrovmError("signature-invalid", `There is no ${kind} key in ${place}`, {
    hint: `A ${kind} key looks like this: microvm-${kind}:NAME:BASE64; see "microvm store key --help"`,
  });
}

/** Signs a text. */
export function signText({ name, key }: NamedKey, text: string): Signature {
  return { key: name, signature: sign(null, Buffer.from(text), key).toString("base64") };
}

/** The trusted key that made one of the signatures; undefined when none did. */
export function signerOf(
  trusted: readonly NamedKey[],
  signatures: readonly Signature[],
  text: string,
): NamedKey | undefined {
  const bytes = Buffer.from(text);
  return trusted.find(({ key }) =>
    signatures.some(({ signature }) => verify(null, bytes, key, Buffer.from(signature, "base64"))),
  );
}
