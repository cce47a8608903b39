import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import lzma from "lzma-native";
import { temporaryDirectory } from "./testing/temporary-directory.ts";
import { openXzDecoder, type XzDecoder, xzContentSize } from "./xz-decoder.ts";

const compress = (data: Buffer): Promise<Buffer> =>
  new Promise((resolve) => lzma.compress(data, { preset: 0 }, resolve));
const contents = [randomBytes(300_000), Buffer.alloc(2_000_000, "x"), Buffer.alloc(0), randomBytes(20_000)];

/** The streams one after the other in one file, and a decoder that uses the host's program. */
async function setUp(t: Parameters<typeof temporaryDirectory>[0], ...streams: Buffer[]) {
  const directory = temporaryDirectory(t);
  const path = join(directory, "streams");
  writeFileSync(path, "");
  const slices = streams.map((stream) => {
    const { size: start } = statSync(path);
    appendFileSync(path, stream);
    return { path, start, size: stream.length };
  });
  const decoder = openXzDecoder({ command: ["xz"], directory });
  t.after(() => decoder[Symbol.dispose]());
  return { directory, decoder, slices };
}

async function whole(decoder: XzDecoder, slice: Parameters<XzDecoder["stream"]>[0]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of decoder.stream(slice)) pieces.push(piece);
  return Buffer.concat(pieces);
}

test("streams come back as they were, by one program or by the library", async (t) => {
  const { decoder, slices, directory } = await setUp(t, ...(await Promise.all(contents.map(compress))));
  const library = openXzDecoder(undefined);
  for (const [index, slice] of slices.entries()) {
    assert.equal(xzContentSize(slice), contents[index]!.length);
    for (const one of [decoder, library]) assert.ok((await whole(one, slice)).equals(contents[index]!));
  }
  decoder[Symbol.dispose]();
  assert.deepEqual(readdirSync(directory), ["streams"]);
});

test("a stream that is given up or damaged does not disturb the next", async (t) => {
  const good = await compress(contents[0]!);
  const damaged = Buffer.from(good);
  damaged[100_000]! ^= 1;
  // The size in the index, which a checksum covers.
  const lying = Buffer.from(good);
  lying[good.length - 12 - 6]! ^= 1;
  const { decoder, slices } = await setUp(t, good, damaged, lying, good.subarray(0, 200_000));
  const [first, ...bad] = slices;
  for await (const _ of decoder.stream(first!)) break;
  for (const slice of bad) {
    for (const one of [decoder, openXzDecoder(undefined)]) {
      await assert.rejects(whole(one, slice), {
        code: "package-invalid",
        message: "Cannot decompress: the xz stream is damaged",
      });
    }
    assert.ok((await whole(decoder, first!)).equals(contents[0]!));
  }
});
