/** Passwords as crypt(5) writes them with the method `$6$`: Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512". */
import { createHash } from "node:crypto";

/** Rounds when none are said: the specification's default. */
const ROUNDS = 5000;

/** Base 64 of crypt(3): least significant bits first, another alphabet. */
const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** `$6$SALT$HASH`. Of the salt, at most 16 characters count; it may hold no `$`. */
export function sha512Crypt(password: string, salt: string): string {
  const key = Buffer.from(password);
  const grains = Buffer.from(salt.slice(0, 16));
  const second = sha512([key, grains, key]);
  let digest = firstDigest(key, grains, second);
  const keys = repeated(sha512(Array<Buffer>(key.length).fill(key)), key.length);
  const salts = repeated(sha512(Array<Buffer>(16 + digest[0]!).fill(grains)), grains.length);
  for (let round = 0; round < ROUNDS; round++) {
    const isOdd = round % 2 === 1;
    digest = sha512([
      isOdd ? keys : digest,
      ...(round % 3 === 0 ? [] : [salts]),
      ...(round % 7 === 0 ? [] : [keys]),
      isOdd ? digest : keys,
    ]);
  }
  return `$6$${grains}$${encode(digest)}`;
}

/** Step 4 to 12 of the specification: each bit of the password's length adds the second digest or the password. */
function firstDigest(key: Buffer, salt: Buffer, second: Buffer): Buffer {
  const parts = [key, salt, repeated(second, key.length)];
  for (let length = key.length; length > 0; length >>= 1) parts.push(length & 1 ? second : key);
  return sha512(parts);
}

function sha512(parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A digest over and over, until there are `length` bytes. */
function repeated(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest);
}

/** Bytes 0, 21, 42, then 22, 43, 1, and so on: step 22 of the specification rotates three columns of 21. */
function encode(digest: Buffer): string {
  let text = "";
  const take = (value: number, characters: number) => {
    for (let rest = value, left = characters; left > 0; left--, rest >>= 6) text += ALPHABET[rest & 63];
  };
  for (let row = 0; row < 21; row++) {
    const columns = [row, row + 21, row + 42];
    const [a, b, c] = [0, 1, 2].map((place) => digest[columns[(place + row) % 3]!]!);
    take((a! << 16) | (b! << 8) | c!, 4);
  }
  take(digest[63]!, 2);
  return text;
}
