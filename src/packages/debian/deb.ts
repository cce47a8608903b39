/** The archive format of a .deb: an ar archive of a version, a control archive and a data archive, deb(5). */
import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { messageOf } from "../../errors.ts";
import { type FileSlice, piecesOf, readSlice } from "../../os/file-slice.ts";
import { statSync } from "../../os/files.ts";
import { pipeThrough } from "../../os/streams.ts";
import type { XzDecoder } from "../../os/xz-decoder.ts";
import { invalid } from "./invalid.ts";

/** The two inner archives, as tar in pieces. One is read to its end or closed before the other. */
export interface Deb {
  control(): AsyncGenerator<Buffer>;
  data(): AsyncGenerator<Buffer>;
}

const AR_MAGIC = "!<arch>\n";
const AR_HEADER_SIZE = 60;

/**
 * Opens the .deb at a path; `name` is what errors call it. Errors: `package-invalid` when it is cut short or no
 * .deb, or when a compression is unknown; from the inner archives, when they are damaged.
 */
export function openDeb(path: string, name: string, xz: XzDecoder): Deb {
  const members = readAr({ path, start: 0, size: statSync(path).size }, name);
  const [version] = members;
  if (version?.name !== "debian-binary" || !/^2\.\d+\n/.test(startOf(version, 8))) {
    throw invalid(name, "it is not a Debian package of format 2");
  }
  const decompressors = decompressorsWith(xz);
  const inner = (prefix: string) => {
    const member = members.find((one) => one.name === prefix || one.name.startsWith(`${prefix}.`));
    if (!member) throw invalid(name, `it has no ${prefix}`);
    const decompress = decompressors[member.name.slice(prefix.length)];
    if (!decompress) throw invalid(name, `the compression of ${member.name} is unknown`);
    return () => explainDamage(decompress(member), member.name, name);
  };
  return { control: inner("control.tar"), data: inner("data.tar") };
}

interface Member extends FileSlice {
  readonly name: string;
}

function readAr(archive: FileSlice, name: string): readonly Member[] {
  const { path, size: total } = archive;
  if (startOf(archive, AR_MAGIC.length) !== AR_MAGIC) throw invalid(name, "it is not an ar archive");
  const members: Member[] = [];
  for (let at = AR_MAGIC.length; at < total; ) {
    if (at + AR_HEADER_SIZE > total) throw invalid(name, "it is cut short");
    const header = startOf({ path, start: at, size: total }, AR_HEADER_SIZE);
    const size = /^\d+ *$/.test(header.slice(48, 58)) ? Number(header.slice(48, 58)) : Number.NaN;
    if (header.slice(58) !== "`\n" || Number.isNaN(size)) throw invalid(name, "a member's header is damaged");
    const start = at + AR_HEADER_SIZE;
    if (start + size > total) throw invalid(name, "it is cut short");
    members.push({ name: header.slice(0, 16).trimEnd().replace(/\/$/, ""), path, start, size });
    // A .deb has three; more are allowed after them, and a file that is all headers is not read to its end.
    if (members.length === MAX_MEMBERS) break;
    // Members begin at even places.
    at = start + size + (size % 2);
  }
  return members;
}

/** deb(5) names three members, and lets others follow, which are ignored. */
const MAX_MEMBERS = 16;

function startOf(slice: FileSlice, length: number): string {
  return readSlice({ ...slice, size: Math.min(slice.size, length) }).toString("latin1");
}

type Decompress = (compressed: FileSlice) => AsyncIterable<Buffer> | Iterable<Buffer>;

function decompressorsWith(xz: XzDecoder): Readonly<Record<string, Decompress>> {
  const through = (make: () => Transform) => (compressed: FileSlice) =>
    pipeThrough(piecesOf(compressed), make());
  return {
    "": piecesOf,
    ".xz": (compressed) => xz.stream(compressed),
    ".gz": through(createGunzip),
    ".zst": through(createZstdDecompress),
  };
}

async function* explainDamage(
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  member: string,
  name: string,
): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    // What the disk has to say is not the package's fault.
    if (error instanceof Error && "syscall" in error) throw error;
    throw invalid(name, `${member} is damaged (${messageOf(error)})`, error);
  }
}
