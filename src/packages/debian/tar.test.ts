import assert from "node:assert/strict";
import { test } from "node:test";
import { readTar, type TarEntry } from "./tar.ts";
import { buildTar, type FixtureFile } from "./testing.ts";

/** The entries of an archive that comes in pieces of `size` bytes, each with what it holds. */
async function readPieces(archive: Buffer, size = archive.length) {
  const pieces: Buffer[] = [];
  for (let at = 0; at < archive.length; at += size) pieces.push(archive.subarray(at, at + size));
  const entries: (Omit<TarEntry, "content"> & { readonly content: string })[] = [];
  for await (const entry of readTar(pieces, "x.tar")) {
    let content = "";
    for await (const piece of entry.content) content += piece.toString("latin1");
    entries.push({ ...entry, content });
  }
  return entries;
}

const read = (files: readonly FixtureFile[]) => readPieces(buildTar(files));

test("every type of entry is read with its metadata", async () => {
  const entries = await read([
    { path: "d", type: "directory", mode: 0o1777 },
    { path: "d/f", content: "text", mode: 0o4755, uid: 12, gid: 34, mtime: 1234567890 },
    { path: "d/h", type: "hardlink", target: "./d/f" },
    { path: "d/s", type: "symlink", target: "/etc/../x" },
    { path: "c", type: "char-device" },
    { path: "b", type: "block-device" },
    { path: "p", type: "fifo" },
  ]);
  assert.deepEqual(
    entries.map(({ type, path, target }) => [type, path, target]),
    [
      ["directory", "d", ""],
      ["file", "d/f", ""],
      ["hardlink", "d/h", "d/f"],
      ["symlink", "d/s", "/etc/../x"],
      ["char-device", "c", ""],
      ["block-device", "b", ""],
      ["fifo", "p", ""],
    ],
  );
  const { mode, uid, gid, mtime, content } = entries[1]!;
  assert.deepEqual(
    { mode, uid, gid, mtime, content },
    {
      mode: 0o4755,
      uid: 12,
      gid: 34,
      mtime: 1234567890,
      content: "text",
    },
  );
  assert.equal(entries[0]!.mode, 0o1777);
  assert.deepEqual(entries[4]!.device, { major: 1, minor: 3 });
});

test("long names and extended attributes come from PAX headers", async () => {
  const path = `${"long/".repeat(60)}name`;
  const [entry] = await read([{ path, xattrs: { "user.a": "value" }, content: "x" }]);
  assert.equal(entry!.path, path);
  assert.equal(entry!.xattrs["user.a"]?.toString(), "value");
});

test("long names in GNU's form are read", async () => {
  const path = `${"long/".repeat(60)}name`;
  // GNU's entries are like others, with a type of their own.
  const archive = buildTar([{ path: "././@LongLink", content: `${path}\0`, isExact: true }, { path: "cut" }]);
  archive[156] = "L".charCodeAt(0);
  fixChecksum(archive);
  assert.deepEqual(
    (await readPieces(archive)).map((entry) => entry.path),
    [path],
  );
});

function fixChecksum(archive: Buffer): void {
  archive.write("        ", 148);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, "0")}\0`, 148);
}

test("a path that leads outside is an error", async () => {
  for (const path of ["../etc/passwd", "a/../../b", "./.."]) {
    await assert.rejects(read([{ path, isExact: true }]), {
      code: "package-invalid",
      message: `Cannot read the package "x.tar": its archive leads outside with the path "${path}"`,
    });
  }
  await assert.rejects(read([{ path: "a", type: "hardlink", target: "../b" }]), /leads outside/);
});

test("an absolute path is taken as relative", async () => {
  assert.equal((await read([{ path: "/etc/x", isExact: true }]))[0]!.path, "etc/x");
});

test("a wrong checksum is an error", async () => {
  const archive = buildTar([{ path: "a" }]);
  archive[0] = 0x7a;
  await assert.rejects(readPieces(archive), {
    message: 'Cannot read the package "x.tar": a checksum in its archive is wrong',
  });
});

test("an archive that is cut short is an error at every length", async () => {
  const archive = buildTar([{ path: "a", content: "x".repeat(2000) }]);
  // A header, the content in whole blocks, and of the zeros at the end one block is enough.
  for (let length = 0; length < 512 + 2048 + 512; length++) {
    await assert.rejects(readPieces(archive.subarray(0, length)), {
      message: 'Cannot read the package "x.tar": its archive is cut short',
    });
  }
});

test("pieces of any size give the same entries, and what nobody reads is passed over", async () => {
  const files = [
    { path: "small", content: "text" },
    { path: "large", content: "0123456789".repeat(14_000) },
    { path: `${"long/".repeat(60)}name`, content: "x" },
  ];
  const archive = buildTar(files);
  const whole = await readPieces(archive);
  assert.deepEqual(
    whole.map(({ path, size, content }) => [path, size, content]),
    files.map(({ path, content }) => [path, content.length, content]),
  );
  for (const size of [37, 511, 512, 1000, 65_536]) assert.deepEqual(await readPieces(archive, size), whole);
  const small = buildTar([files[0]!, files[2]!]);
  assert.deepEqual(await readPieces(small, 1), await readPieces(small));
  const names: string[] = [];
  for await (const { path } of readTar([archive], "x.tar")) names.push(path);
  assert.deepEqual(
    names,
    files.map(({ path }) => path),
  );
});

test("a header larger than any name is refused before it is read", async () => {
  const archive = buildTar([{ path: "././@LongLink", content: "x", isExact: true }]);
  archive[156] = "L".charCodeAt(0);
  archive.write("77777777777\0", 124);
  fixChecksum(archive);
  await assert.rejects(readPieces(archive), {
    message: 'Cannot read the package "x.tar": a header in its archive is too large',
  });
});

/** The archive of one file behind a PAX header with this text, whatever it says. */
function withPax(records: string | Buffer): Buffer {
  const header = buildTar([{ path: "pax", content: Buffer.from(records) }]).subarray(0, -1024);
  header[156] = "x".charCodeAt(0);
  fixChecksum(header);
  return Buffer.concat([header, buildTar([{ path: "a" }])]);
}

test("extended headers that are damaged, or of sparse files, are refused", async () => {
  const damaged = "a PAX header is damaged";
  const number = "a number in its archive is damaged";
  const cases: readonly (readonly [string | Buffer, string])[] = [
    ["nonsense", damaged],
    ["99 path=a\n", damaged],
    ["1e1 path=a\n", damaged],
    ["7 path=a\n", damaged],
    ["11 uid=0x1\n", damaged],
    ["13 mtime=NaN\n", damaged],
    ["10 uid=-1\n", number],
    ["18 uid=4294967295\n", number],
    ["10 size=-1\n", damaged],
    ["11 size=-1\n", number],
    ["24 mtime=99999999999999\n", number],
    ["25 GNU.sparse.major=1.00\n", "its archive has a sparse file"],
    [Buffer.from("10 path=\xfc\n", "latin1"), "a name in its archive is not UTF-8"],
  ];
  for (const [records, why] of cases) {
    await assert.rejects(
      readPieces(withPax(records)),
      { code: "package-invalid", message: `Cannot read the package "x.tar": ${why}` },
      records.toString("latin1"),
    );
  }
});

test("an attribute whose name means something to JavaScript is an attribute", async () => {
  const [entry] = await readPieces(withPax("29 SCHILY.xattr.__proto__=ab\n"));
  assert.deepEqual(Object.keys(entry!.xattrs), ["__proto__"]);
});
