import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { createCleartextMessage, generateKey, readPrivateKey, sign } from "openpgp";
import { mkdtempSync, rmSync, writeFileSync } from "../../os/files.ts";
import { DEBIAN_ARCHIVE_KEYS } from "./keys.ts";
import { verifyClearSigned } from "./signature.ts";
import { type FixtureKey, makeKey, signText } from "./testing.ts";

const subject = 'suite "trixie" of "https://MIRROR/debian"';
let key: FixtureKey;
let message: string;

before(async () => {
  key = await makeKey();
  message = await signText("Suite: stable\nCodename: trixie\n", key);
});

test("a text signed by a trusted key is given back", async () => {
  const text = await verifyClearSigned(message, { subject, keyring: key.publicKey });
  assert.match(text, /^Suite: stable\nCodename: trixie/);
});

test("a keyring is read from a file, armored or not", async () => {
  const directory = mkdtempSync(join(tmpdir(), "keyring-"));
  try {
    const armored = join(directory, "a.asc");
    writeFileSync(armored, key.publicKey);
    await verifyClearSigned(message, { subject, keyring: armored });
    const binary = join(directory, "a.gpg");
    const base64 = key.publicKey.split(/\r?\n\r?\n/)[1]!.split(/\r?\n[=-]/)[0]!;
    writeFileSync(binary, Buffer.from(base64, "base64"));
    await verifyClearSigned(message, { subject, keyring: binary });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a tampered text is an error", async () => {
  await assert.rejects(
    verifyClearSigned(message.replace("stable", "stalle"), { subject, keyring: key.publicKey }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, "signature-invalid");
      assert.match(
        error.message,
        /^Cannot trust suite "trixie" of "https:\/\/MIRROR\/debian": the signature of key [0-9a-f]{16} is bad \(/,
      );
      return true;
    },
  );
});

test("text outside the signed part does not count", async () => {
  const keyring = key.publicKey;
  const prefixed = await verifyClearSigned(`Suite: evil\n\n${message}`, { subject, keyring }).catch(
    () => "refused",
  );
  assert.doesNotMatch(prefixed, /evil/);
});

test("a text signed by an unknown key is an error that names the keys tried", async () => {
  const other = await makeKey();
  await assert.rejects(
    verifyClearSigned(message, { subject, keyring: other.publicKey }),
    (error: Error & { hint: string }) => {
      assert.match(error.message, /: no trusted and unexpired key signed it; it is signed by [0-9a-f]{16}$/);
      assert.match(
        error.hint,
        /^Keys tried: [0-9a-f]{16} \(Test Archive\)\. If the archive is signed by others, set its "keyring"$/,
      );
      return true;
    },
  );
});

test("one trusted signature among unknown ones is enough", async () => {
  const other = await makeKey();
  const signingKeys = await Promise.all(
    [other, key].map((one) => readPrivateKey({ armoredKey: one.privateKey })),
  );
  const twice = await sign({ message: await createCleartextMessage({ text: "Suite: stable" }), signingKeys });
  assert.equal(await verifyClearSigned(twice, { subject, keyring: key.publicKey }), "Suite: stable");
});

test("an expired key does not count", async () => {
  const shortLived = await generateKey({
    userIDs: [{ name: "Short" }],
    keyExpirationTime: 3600,
    format: "armored",
  });
  const signed = await signText("Suite: stable", shortLived);
  await verifyClearSigned(signed, { subject, keyring: shortLived.publicKey });
  const date = new Date(Date.now() + 7200_000);
  await assert.rejects(
    verifyClearSigned(signed, { subject, keyring: shortLived.publicKey, date }),
    /no trusted and unexpired key signed it/,
  );
});

test("what is no signed message is an error", async () => {
  await assert.rejects(verifyClearSigned("<html>", { subject, keyring: key.publicKey }), {
    code: "signature-invalid",
    message:
      /^Cannot trust suite "trixie" of "https:\/\/MIRROR\/debian": it is not a clear-signed message \(/,
  });
});

test("a keyring that is not there is an error", async () => {
  await assert.rejects(verifyClearSigned(message, { subject, keyring: "/nowhere/x.gpg" }), {
    code: "signature-invalid",
    message: 'Cannot read the keyring "/nowhere/x.gpg": there is no such file',
  });
});

test("Debian's own keys can be read", async () => {
  assert.equal(DEBIAN_ARCHIVE_KEYS.length, 6);
  await assert.rejects(
    verifyClearSigned(message, { subject, keyring: null }),
    (error: Error & { hint: string }) => {
      assert.match(error.hint, /6ed0e7b82643e131|b7c5d7d6350947f8/);
      assert.match(error.hint, /Debian Archive Automatic Signing Key \(13\/trixie\)/);
      return true;
    },
  );
});
