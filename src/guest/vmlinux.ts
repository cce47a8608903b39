/** The uncompressed kernel out of a packaged one: hypervisors that can, boot it without unpacking it first. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { MicrovmError } from "../errors.ts";
import { decompressXz } from "../os/xz.ts";
import { decompressLz4, LZ4_MAGIC } from "./lz4.ts";

/** Fields of the setup header, Documentation/arch/x86/boot.rst of the kernel. */
const SETUP_SECTORS = 0x1f1;
const HEADER_MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;
/** The build appends the uncompressed size, four bytes, to the payload. */
const SIZE_SUFFIX = 4;

/**
 * The ELF image in an x86 bzImage. Fails when the image is no bzImage or is compressed in a way
 * other than zstd, gzip, xz or LZ4.
 */
export async function extractVmlinux(bzImage: Buffer): Promise<Buffer> {
  if (bzImage.length < 0x260 || bzImage.toString("latin1", HEADER_MAGIC, HEADER_MAGIC + 4) !== "HdrS") {
    throw new MicrovmError("package-invalid", "The kernel is no bzImage: its setup header is missing");
  }
  // Zero means four, for the oldest boot loaders.
  const sectors = bzImage.readUInt8(SETUP_SECTORS) || 4;
  const start = (sectors + 1) * SECTOR + bzImage.readUInt32LE(PAYLOAD_OFFSET);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(PAYLOAD_LENGTH));
  const elf = await decompressPayload(payload.subarray(0, payload.length - SIZE_SUFFIX));
  if (elf.toString("latin1", 0, 4) !== "\x7fELF") {
    throw new MicrovmError("package-invalid", "The kernel's payload is no ELF image");
  }
  return elf;
}

/** What is in a kernel's payload of any known compression. Errors: `package-invalid`. */
export async function decompressPayload(stream: Buffer): Promise<Buffer> {
  const unpack = DECOMPRESSORS.find(({ magic }) => stream.subarray(0, magic.length).equals(magic))?.unpack;
  if (!unpack) {
    throw new MicrovmError("package-invalid", "The kernel's payload is compressed in an unknown way");
  }
  try {
    return await unpack(stream);
  } catch (cause) {
    throw new MicrovmError("package-invalid", "The kernel's payload is damaged", { cause });
  }
}

/** By the first bytes of what they unpack. */
const DECOMPRESSORS = [
  { magic: Buffer.from("28b52ffd", "hex"), unpack: zstdDecompressSync },
  { magic: Buffer.from("fd377a58", "hex"), unpack: decompressXz },
  { magic: Buffer.from("1f8b", "hex"), unpack: gunzipSync },
  { magic: LZ4_MAGIC, unpack: decompressLz4 },
];
