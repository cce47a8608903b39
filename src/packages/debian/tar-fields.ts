/** The fields of a tar header, tar(5): numbers, texts, the checksum. Errors are `package-invalid`. */
import { isUtf8 } from "node:buffer";
import { invalid } from "./invalid.ts";

/** Bytes of a header, and of what everything is padded to. */
export const BLOCK = 512;

/** The largest owner: the one above means "none" to chown(2). */
export const MAX_ID = 2 ** 32 - 2;

/** Seconds: the year 36812, beyond what file systems hold. */
export const MAX_TIME = 2 ** 40;

/** The sum of the header's bytes, with its own field counted as spaces. */
export function checkSum(header: Buffer, name: string): void {
  let sum = 8 * 32;
  for (let i = 0; i < 148; i++) sum += header[i]!;
  for (let i = 156; i < BLOCK; i++) sum += header[i]!;
  if (sum !== readNumber(header, 148, 8, name)) throw invalid(name, "a checksum in its archive is wrong");
}

/** Octal digits, or with the top bit of the first byte set a big-endian binary number (GNU). */
export function readNumber(header: Buffer, at: number, length: number, name: string): number {
  if (header[at]! & 0x80) {
    let value = header[at]! & 0x7f;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + header[i]!;
    return value;
  }
  let value = 0;
  for (let i = at; i < at + length; i++) {
    const byte = header[i]!;
    if (byte >= 48 && byte <= 55) value = value * 8 + byte - 48;
    else if (byte !== 32 && byte !== 0) throw invalid(name, "a number in its archive is damaged");
    else if (value !== 0) break;
  }
  return value;
}

/** The text of a field of fixed length. */
export function text(header: Buffer, at: number, length: number, name: string): string {
  return untilZero(header.subarray(at, at + length), name);
}

/** What stands before the first NUL. */
export function untilZero(bytes: Buffer, name: string): string {
  const end = bytes.indexOf(0);
  return decode(end < 0 ? bytes : bytes.subarray(0, end), name);
}

/** Names in Debian's packages are UTF-8 (policy 10.10); others could not be written as they are. */
export function decode(bytes: Buffer, name: string): string {
  if (isUtf8(bytes)) return bytes.toString();
  throw invalid(name, "a name in its archive is not UTF-8");
}

/** A number that a file can have as its owner or time. */
export function within(value: number, least: number, most: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalid(name, "a number in its archive is damaged");
}
