/** Tar archives whose headers have the checksums of what stands in them. */

const BLOCK = 512;

/** Where a header has its size, and its checksum. */
const SIZE = 124;
const CHECKSUM = 148;

/** The archive with a checksum in every block that its sizes make a header. */
export function repairTar(input: Buffer): Buffer {
  const archive = Buffer.from(input);
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) return archive;
    header.write("        ", CHECKSUM);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, CHECKSUM);
    const size = Number.parseInt(header.toString("latin1", SIZE, SIZE + 11), 8);
    at += BLOCK + (size > 0 ? Math.ceil(size / BLOCK) * BLOCK : 0);
  }
  return archive;
}
