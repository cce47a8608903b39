/** Writes initrds: cpio archives in the "newc" form that the kernel unpacks (Documentation/driver-api/early-userspace/buffer-format.rst). */

/** One entry of an archive. A directory must come before what is in it. */
export type CpioEntry =
  | { readonly path: string; readonly type: "directory"; readonly mode: number }
  | { readonly path: string; readonly type: "file"; readonly mode: number; readonly content: Uint8Array }
  | { readonly path: string; readonly type: "symlink"; readonly target: string }
  | {
      readonly path: string;
      readonly type: "character-device";
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

/** File type bits of `st_mode`, inode(7). */
const TYPE_BITS = { directory: 0o040000, file: 0o100000, symlink: 0o120000, "character-device": 0o020000 };

/** The archive of the entries, all owned by root with time 0; the same entries give the same bytes. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => cpioMember(entry, index + 1));
  parts.push(...member("TRAILER!!!", 0, 0, Buffer.alloc(0), [0, 0]));
  return Buffer.concat(parts);
}

function cpioMember(entry: CpioEntry, inode: number): Buffer[] {
  const permissions = entry.type === "symlink" ? 0o777 : entry.mode;
  const content =
    entry.type === "file"
      ? Buffer.from(entry.content)
      : Buffer.from(entry.type === "symlink" ? entry.target : "");
  const device: [number, number] = entry.type === "character-device" ? [entry.major, entry.minor] : [0, 0];
  return member(entry.path, inode, TYPE_BITS[entry.type] | permissions, content, device);
}

function member(
  path: string,
  inode: number,
  mode: number,
  content: Buffer,
  device: [number, number],
): Buffer[] {
  const links = 1;
  const nameSize = Buffer.byteLength(path) + 1;
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, device[0], device[1], nameSize, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${path}\0`;
  return [padded(Buffer.from(header)), padded(content)];
}

/** Fills up to a multiple of four bytes, as the format wants of headers and contents. */
function padded(bytes: Buffer): Buffer {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
