import { closeSync, openSync, readSync } from "../os/files.ts";

/** How much of each file is read at once, in bytes. */
const CHUNK = 1 << 18;

const buffers = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)] as const;

/** The offset of the first byte in which two files differ, their ends included; undefined when they are equal. */
export function firstDifferentByte(one: string, other: string): number | undefined {
  const files = [openSync(one, "r")];
  try {
    files.push(openSync(other, "r"));
    for (let offset = 0; ; ) {
      const [a, b] = buffers.map((buffer, index) => fill(files[index]!, buffer)) as [Buffer, Buffer];
      if (!a.equals(b)) return offset + firstDifference(a, b);
      if (a.length === 0) return undefined;
      offset += a.length;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Reads until the buffer is full or the file at its end. */
function fill(file: number, buffer: Buffer): Buffer {
  let length = 0;
  for (;;) {
    const read = readSync(file, buffer, length, buffer.length - length, null);
    length += read;
    if (read === 0 || length === buffer.length) return buffer.subarray(0, length);
  }
}

function firstDifference(a: Buffer, b: Buffer): number {
  const end = Math.min(a.length, b.length);
  for (let index = 0; index < end; index++) if (a[index] !== b[index]) return index;
  return end;
}
