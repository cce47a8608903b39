import assert from "node:assert/strict";
import { test } from "node:test";
import { readDeb } from "./deb.ts";
import { readTar } from "./tar.ts";
import { buildAr, buildDeb, buildTar } from "./testing.ts";

const files = [{ path: "usr/bin/x", content: "hello", mode: 0o755 }];

for (const compression of ["xz", "zst", "gz", "none"] as const) {
  test(`a package compressed with ${compression} is read`, async () => {
    const deb = await readDeb(await buildDeb({ name: "x", files, compression }), "x.deb");
    const entries = [...readTar(deb.data, "x.deb")];
    assert.deepEqual(
      entries.map(({ type, path, content }) => [type, path, content.toString()]),
      [
        ["directory", "", ""],
        ["file", "usr/bin/x", "hello"],
      ],
    );
    assert.ok(deb.control.includes("Package: x\n"));
  });
}

async function messageOfReading(deb: Buffer): Promise<string> {
  return readDeb(deb, "x.deb").then(
    () => "no error",
    (error) => error.message,
  );
}

test("a package that is cut short is an error at every length", async () => {
  const deb = await buildDeb({ name: "x", files });
  const cut = 'Cannot read the package "x.deb": it is cut short';
  assert.equal(await messageOfReading(deb.subarray(0, deb.length - 10)), cut);
  for (let length = 0; length < deb.length - 1; length += 37) {
    assert.match(await messageOfReading(deb.subarray(0, length)), /^Cannot read the package "x\.deb": it /);
  }
});

test("what is no package is named", async () => {
  const cases: readonly (readonly [Buffer, string])[] = [
    [Buffer.from("<html>not found</html>"), "it is not an ar archive"],
    [buildAr([["debian-binary", Buffer.from("3.0\n")]]), "it is not a Debian package of format 2"],
    [buildAr([["debian-binary", Buffer.from("2.0\n")]]), "it has no control.tar"],
    [
      buildAr([
        ["debian-binary", Buffer.from("2.0\n")],
        ["control.tar.lz4", Buffer.from("")],
        ["data.tar", buildTar([])],
      ]),
      "the compression of control.tar.lz4 is unknown",
    ],
  ];
  for (const [deb, why] of cases) {
    assert.equal(await messageOfReading(deb), `Cannot read the package "x.deb": ${why}`);
  }
});

test("a damaged compressed stream is an error", async () => {
  const members = [["debian-binary", Buffer.from("2.0\n")]] as [string, Buffer][];
  for (const form of ["xz", "zst", "gz"]) {
    const deb = buildAr([
      ...members,
      [`control.tar.${form}`, Buffer.from("nonsense")],
      ["data.tar", buildTar([])],
    ]);
    assert.match(await messageOfReading(deb), new RegExp(`control.tar.${form} is damaged \\(`));
  }
});
