import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { extractVmlinux } from "./vmlinux.ts";

const ELF = Buffer.from(`\x7fELF${"kernel ".repeat(50)}`, "latin1");

/** A bzImage as the kernel's boot protocol describes it: two setup sectors, then a little code, then the payload. */
function bzImage(payload: Uint8Array, setupSectors = 1): Buffer {
  const codeSize = 64;
  const setup = Buffer.alloc(((setupSectors || 4) + 1) * 512);
  setup.writeUInt8(setupSectors, 0x1f1);
  setup.write("HdrS", 0x202, "latin1");
  setup.writeUInt32LE(codeSize, 0x248);
  setup.writeUInt32LE(payload.length + 4, 0x24c);
  const uncompressedSize = Buffer.alloc(4);
  uncompressedSize.writeUInt32LE(ELF.length);
  return Buffer.concat([setup, Buffer.alloc(codeSize), payload, uncompressedSize, Buffer.alloc(100)]);
}

test("a kernel compressed by zstd or gzip is unpacked", async () => {
  assert.deepEqual(await extractVmlinux(bzImage(zstdCompressSync(ELF))), ELF);
  assert.deepEqual(await extractVmlinux(bzImage(gzipSync(ELF))), ELF);
});

test("no number of setup sectors means four", async () => {
  assert.deepEqual(await extractVmlinux(bzImage(gzipSync(ELF), 0)), ELF);
});

test("what is no kernel is said", async () => {
  const wrongMagic = bzImage(gzipSync(ELF));
  wrongMagic.write("srdH", 0x202, "latin1");
  const cases: readonly (readonly [Buffer, string])[] = [
    [Buffer.from("short"), "The kernel is no bzImage: its setup header is missing"],
    [wrongMagic, "The kernel is no bzImage: its setup header is missing"],
    [bzImage(Buffer.from("BZh9 and more")), "The kernel's payload is compressed in an unknown way"],
    [bzImage(gzipSync("no kernel")), "The kernel's payload is no ELF image"],
    [bzImage(gzipSync(ELF).subarray(0, 20)), "The kernel's payload is damaged"],
    [bzImage(new Uint8Array()).subarray(0, 1088), "The kernel's payload is compressed in an unknown way"],
  ];
  for (const [image, message] of cases) {
    await assert.rejects(extractVmlinux(image), { code: "package-invalid", message });
  }
});
