import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import lzma from "lzma-native";
import { decompressXz, streamByLibrary } from "./xz.ts";

const compress = (data: Buffer): Promise<Buffer> =>
  new Promise((resolve) => lzma.compress(data, { preset: 0 }, resolve));
const content = Buffer.concat([randomBytes(1_200_000), Buffer.alloc(500_000)]);
const large = await compress(content);

async function decompressByLibrary(compressed: Uint8Array): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of streamByLibrary([compressed])) pieces.push(piece);
  return Buffer.concat(pieces);
}

test("large and small streams come back as they were, by the host's program or by the library", async () => {
  assert.ok(large.length > 1024 * 1024);
  assert.ok((await decompressXz(large)).equals(content));
  assert.ok((await decompressByLibrary(large)).equals(content));
  assert.equal((await decompressXz(await compress(Buffer.from("small")))).toString(), "small");
});

test("damaged and truncated streams are refused either way", async () => {
  const damaged = Buffer.from(large);
  damaged[100_000]! ^= 1;
  for (const stream of [damaged, large.subarray(0, 1_100_000)]) {
    for (const decompress of [decompressXz, decompressByLibrary]) {
      await assert.rejects(decompress(stream), {
        code: "package-invalid",
        message: "Cannot decompress: the xz stream is damaged",
      });
    }
  }
});

test("a stream that holds more than it may is refused, however small it is", async () => {
  const bomb = await compress(Buffer.alloc(8_000_000));
  assert.ok(bomb.length < 5_000);
  await assert.rejects(decompressXz(bomb, 1_000_000), {
    code: "package-invalid",
    message: "Cannot decompress: the xz stream holds more than 1000000 bytes",
  });
  assert.ok((await decompressXz(large, content.length)).equals(content));
  await assert.rejects(decompressXz(large, content.length - 1), {
    message: /holds more than 1699999 bytes$/,
  });
  await assert.rejects(decompressXz(large.subarray(0, 1_100_000), content.length), {
    message: "Cannot decompress: the xz stream is damaged",
  });
});
