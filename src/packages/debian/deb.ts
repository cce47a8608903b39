/** The archive format of a .deb: an ar archive of a version, a control archive and a data archive, deb(5). */
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { MicrovmError, messageOf } from "../../errors.ts";
import { decompressXz } from "../../os/xz.ts";

/** The two inner archives, as tar. */
export interface Deb {
  readonly control: Buffer;
  readonly data: Buffer;
}

const AR_MAGIC = "!<arch>\n";
const AR_HEADER_SIZE = 60;

/**
 * Reads a .deb; `name` is what errors call it. Errors: `package-invalid` when it is cut short or no .deb, or
 * when a compression is unknown.
 */
export async function readDeb(deb: Buffer, name: string): Promise<Deb> {
  const members = readAr(deb, name);
  const [version] = members;
  if (version?.name !== "debian-binary" || !/^2\.\d+\n/.test(version.content.toString("latin1", 0, 8))) {
    throw invalid(name, "it is not a Debian package of format 2");
  }
  const [control, data] = await Promise.all([
    inner(members, "control.tar", name),
    inner(members, "data.tar", name),
  ]);
  return { control, data };
}

interface Member {
  readonly name: string;
  readonly content: Buffer;
}

function readAr(archive: Buffer, name: string): readonly Member[] {
  if (archive.toString("latin1", 0, AR_MAGIC.length) !== AR_MAGIC)
    throw invalid(name, "it is not an ar archive");
  const members: Member[] = [];
  for (let at = AR_MAGIC.length; at < archive.length; ) {
    if (at + AR_HEADER_SIZE > archive.length) throw invalid(name, "it is cut short");
    const header = archive.toString("latin1", at, at + AR_HEADER_SIZE);
    const size = /^\d+ *$/.test(header.slice(48, 58)) ? Number(header.slice(48, 58)) : Number.NaN;
    if (header.slice(58) !== "`\n" || Number.isNaN(size)) throw invalid(name, "a member's header is damaged");
    const start = at + AR_HEADER_SIZE;
    if (start + size > archive.length) throw invalid(name, "it is cut short");
    members.push({
      name: header.slice(0, 16).trimEnd().replace(/\/$/, ""),
      content: archive.subarray(start, start + size),
    });
    // Members begin at even places.
    at = start + size + (size % 2);
  }
  return members;
}

async function inner(members: readonly Member[], prefix: string, name: string): Promise<Buffer> {
  const member = members.find((one) => one.name === prefix || one.name.startsWith(`${prefix}.`));
  if (!member) throw invalid(name, `it has no ${prefix}`);
  const decompress = DECOMPRESSORS[member.name.slice(prefix.length)];
  if (!decompress) throw invalid(name, `the compression of ${member.name} is unknown`);
  try {
    return await decompress(member.content);
  } catch (error) {
    throw invalid(name, `${member.name} is damaged (${messageOf(error)})`, error);
  }
}

const DECOMPRESSORS: Readonly<Record<string, (compressed: Buffer) => Promise<Buffer>>> = {
  "": async (content) => content,
  ".xz": decompressXz,
  ".gz": promisify(gunzip),
  ".zst": promisify(zstdDecompress),
};

/** The error of a package that cannot be read. */
export function invalid(name: string, why: string, cause?: unknown): MicrovmError {
  return new MicrovmError("package-invalid", `Cannot read the package "${name}": ${why}`, {
    hint: "Remove it and fetch it again",
    ...(cause !== undefined && { cause }),
  });
}
