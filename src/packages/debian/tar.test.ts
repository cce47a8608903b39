import assert from "node:assert/strict";
import { test } from "node:test";
import { readTar } from "./tar.ts";
import { buildTar, type FixtureFile } from "./testing.ts";

function read(files: readonly FixtureFile[]) {
  return [...readTar(buildTar(files), "x.tar")];
}

test("every type of entry is read with its metadata", () => {
  const entries = read([
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
    { mode, uid, gid, mtime, content: content.toString() },
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

test("long names and extended attributes come from PAX headers", () => {
  const path = `${"long/".repeat(60)}name`;
  const [entry] = read([{ path, xattrs: { "user.a": "value" }, content: "x" }]);
  assert.equal(entry!.path, path);
  assert.equal(entry!.xattrs["user.a"]?.toString(), "value");
});

test("long names in GNU's form are read", () => {
  const path = `${"long/".repeat(60)}name`;
  // GNU's entries are like others, with a type of their own.
  const archive = buildTar([{ path: "././@LongLink", content: `${path}\0`, isExact: true }, { path: "cut" }]);
  archive[156] = "L".charCodeAt(0);
  fixChecksum(archive);
  assert.deepEqual(
    [...readTar(archive, "x.tar")].map((entry) => entry.path),
    [path],
  );
});

function fixChecksum(archive: Buffer): void {
  archive.write("        ", 148);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, "0")}\0`, 148);
}

test("a path that leads outside is an error", () => {
  for (const path of ["../etc/passwd", "a/../../b", "./.."]) {
    assert.throws(() => read([{ path, isExact: true }]), {
      code: "package-invalid",
      message: `Cannot read the package "x.tar": its archive leads outside with the path "${path}"`,
    });
  }
  assert.throws(() => read([{ path: "a", type: "hardlink", target: "../b" }]), /leads outside/);
});

test("an absolute path is taken as relative", () => {
  assert.equal(read([{ path: "/etc/x", isExact: true }])[0]!.path, "etc/x");
});

test("a wrong checksum is an error", () => {
  const archive = buildTar([{ path: "a" }]);
  archive[0] = 0x7a;
  assert.throws(() => [...readTar(archive, "x.tar")], {
    message: 'Cannot read the package "x.tar": a checksum in its archive is wrong',
  });
});

test("an archive that is cut short is an error", () => {
  const archive = buildTar([{ path: "a", content: "x".repeat(2000) }]);
  for (const length of [100, 512, 1000, 2560]) {
    assert.throws(() => [...readTar(archive.subarray(0, length), "x.tar")], {
      message: 'Cannot read the package "x.tar": its archive is cut short',
    });
  }
});
