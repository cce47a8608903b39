import assert from "node:assert/strict";
import { test } from "node:test";
import { decompressLz4, LZ4_MAGIC } from "./lz4.ts";

function frame(...blocks: readonly (readonly number[])[]): Buffer {
  const parts = blocks.flatMap((block) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    return [size, Buffer.from(block)];
  });
  return Buffer.concat([LZ4_MAGIC, ...parts]);
}

const bytes = (text: string) => [...Buffer.from(text)];

test("literals, matches that overlap what they make, long lengths and several blocks are unpacked", () => {
  const literals = [0x30, ...bytes("abc")];
  // "ab", then ten bytes from two back, then "c".
  const overlapping = [0x26, ...bytes("ab"), 2, 0, 0x10, ...bytes("c")];
  // One byte, then 4 + 15 + 255 + 6 of it.
  const long = [0x1f, ...bytes("x"), 1, 0, 255, 6, 0x00];
  assert.equal(decompressLz4(frame(literals)).toString(), "abc");
  assert.equal(decompressLz4(frame(overlapping)).toString(), `${"ab".repeat(6)}c`);
  assert.equal(decompressLz4(frame(long)).toString(), "x".repeat(281));
  assert.equal(decompressLz4(frame(literals, overlapping)).toString(), `abc${"ab".repeat(6)}c`);
});

test("what is damaged or leads outside is an error", () => {
  const cases: readonly (readonly [Buffer, string])[] = [
    [Buffer.concat([LZ4_MAGIC, Buffer.from([1, 0])]), "a block's size is cut short"],
    [frame([0x30]).subarray(0, 8), "a block is cut short"],
    [frame([0x30, 1]), "literals are cut short"],
    [frame([0xf0]), "a length is cut short"],
    [frame([0x10, 1, 2, 0]), "a match leads outside"],
    [frame([0x10, 1, 0, 0]), "a match leads outside"],
  ];
  for (const [damaged, message] of cases) assert.throws(() => decompressLz4(damaged), { message });
});
