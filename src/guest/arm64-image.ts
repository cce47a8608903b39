/** The uncompressed kernel of 64-bit ARM out of a packaged one: distributions ship it as it is, or compressed. */
import { MicrovmError } from "../errors.ts";
import { decompressPayload } from "./vmlinux.ts";

/** `ARM\x64` in the header of an Image; Documentation/arch/arm64/booting.rst of the kernel. */
const IMAGE_MAGIC = 0x38;

/** What an EFI program that unpacks its kernel says of it; drivers/firmware/efi/libstub/zboot-header.S. */
const ZBOOT = { magic: 4, payloadOffset: 8, payloadLength: 12 } as const;

/** Whether a packaged kernel is one of 64-bit ARM, in any of its forms. */
export function isArm64Kernel(kernel: Buffer): boolean {
  return isImage(kernel) || isZboot(kernel) || isGzip(kernel);
}

/** The Image in it. Errors: `package-invalid`. */
export async function extractArm64Image(kernel: Buffer): Promise<Buffer> {
  const image = isImage(kernel) ? kernel : await decompressPayload(payloadOf(kernel));
  if (isImage(image)) return image;
  throw new MicrovmError("package-invalid", "The kernel's payload is no Image of 64-bit ARM");
}

function payloadOf(kernel: Buffer): Buffer {
  if (!isZboot(kernel)) return kernel;
  const start = kernel.readUInt32LE(ZBOOT.payloadOffset);
  return kernel.subarray(start, start + kernel.readUInt32LE(ZBOOT.payloadLength));
}

function isImage(kernel: Buffer): boolean {
  return kernel.toString("latin1", IMAGE_MAGIC, IMAGE_MAGIC + 4) === "ARMd";
}

function isZboot(kernel: Buffer): boolean {
  return kernel.length >= 64 && kernel.toString("latin1", ZBOOT.magic, ZBOOT.magic + 4) === "zimg";
}

function isGzip(kernel: Buffer): boolean {
  return kernel.readUInt16BE(0) === 0x1f8b;
}
