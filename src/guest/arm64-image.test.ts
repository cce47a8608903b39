import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { extractArm64Image, isArm64Kernel } from "./arm64-image.ts";

/** The header's magic, Documentation/arch/arm64/booting.rst, then something to compress. */
const IMAGE = Buffer.concat([
  Buffer.alloc(0x38),
  Buffer.from("ARMd", "latin1"),
  Buffer.from("kernel ".repeat(50)),
]);

/** A kernel that unpacks itself as an EFI program. */
function zboot(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(0x80);
  header.write("MZ\0\0zimg", "latin1");
  header.writeUInt32LE(header.length, 8);
  header.writeUInt32LE(payload.length, 12);
  return Buffer.concat([header, payload, Buffer.alloc(100)]);
}

test("an Image is taken as it is, or out of what compresses it", async () => {
  for (const kernel of [IMAGE, gzipSync(IMAGE), zboot(gzipSync(IMAGE)), zboot(zstdCompressSync(IMAGE))]) {
    assert.ok(isArm64Kernel(kernel));
    assert.deepEqual(await extractArm64Image(kernel), IMAGE);
  }
});

test("a kernel of x86 is none of ARM", () => {
  assert.ok(!isArm64Kernel(Buffer.concat([Buffer.from("MZ"), Buffer.alloc(1000)])));
  assert.ok(!isArm64Kernel(Buffer.alloc(2)));
});

test("what holds no Image is said", async () => {
  const cases: readonly (readonly [Buffer, string])[] = [
    [gzipSync("no kernel"), "The kernel's payload is no Image of 64-bit ARM"],
    [zboot(Buffer.from("BZh9")), "The kernel's payload is compressed in an unknown way"],
    [gzipSync(IMAGE).subarray(0, 20), "The kernel's payload is damaged"],
  ];
  for (const [kernel, message] of cases) {
    await assert.rejects(extractArm64Image(kernel), { code: "package-invalid", message });
  }
});
