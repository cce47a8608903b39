/**
 * LZ4's legacy frame, which the kernel's own build makes (`lz4 -l`): the magic number, then blocks, each behind its size
 * as a little-endian word of 32 bits. A block holds at most 8 MiB. See the LZ4 project's lz4_Frame_format.md and
 * lz4_Block_format.md.
 */

/** The first four bytes of a frame. */
export const LZ4_MAGIC = Buffer.from("02214c18", "hex");

const BLOCK_SIZE = 8 * 1024 * 1024;

/** A match is this long at least, so that its length is counted from there. */
const MIN_MATCH = 4;

/** What a frame holds. Errors: a plain `Error` when it is damaged. */
export function decompressLz4(frame: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = LZ4_MAGIC.length; at < frame.length; ) {
    if (at + 4 > frame.length) throw new Error("a block's size is cut short");
    const size = frame.readUInt32LE(at);
    at += 4;
    if (at + size > frame.length) throw new Error("a block is cut short");
    blocks.push(decompressBlock(frame.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat(blocks);
}

/** Sequences of literals and a match in what was written before; the last one has no match. */
function decompressBlock(block: Buffer): Buffer {
  const out = Buffer.allocUnsafe(BLOCK_SIZE);
  let at = 0;
  let written = 0;
  /** A length in four bits; when they are all set, bytes follow that add to it, up to one that is not 255. */
  const length = (nibble: number) => {
    let value = nibble;
    if (nibble < 15) return value;
    for (;;) {
      const byte = block[at++];
      if (byte === undefined) throw new Error("a length is cut short");
      value += byte;
      if (byte < 255) return value;
    }
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = length(token >> 4);
    if (at + literals > block.length || written + literals > BLOCK_SIZE)
      throw new Error("literals are cut short");
    block.copy(out, written, at, at + literals);
    at += literals;
    written += literals;
    if (at === block.length) break;
    const offset = block[at]! | ((block[at + 1] ?? 0) << 8);
    at += 2;
    const match = MIN_MATCH + length(token & 15);
    if (offset === 0 || offset > written || written + match > BLOCK_SIZE)
      throw new Error("a match leads outside");
    // What is copied may overlap what it makes.
    if (offset >= match) out.copyWithin(written, written - offset, written - offset + match);
    else for (let index = 0; index < match; index++) out[written + index] = out[written + index - offset]!;
    written += match;
  }
  return out.subarray(0, written);
}
