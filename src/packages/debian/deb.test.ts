import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeFileSync } from "../../os/files.ts";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { openXzDecoder } from "../../os/xz-decoder.ts";
import { openDeb } from "./deb.ts";
import { readTar } from "./tar.ts";
import { buildAr, buildDeb, buildTar } from "./testing.ts";

const files = [{ path: "usr/bin/x", content: "hello", mode: 0o755 }];

const readText = async (pieces: AsyncIterable<Buffer> | readonly Buffer[]) => {
  let text = "";
  for await (const piece of pieces) text += piece.toString();
  return text;
};

function open(t: TestContext, content: Buffer, directory = temporaryDirectory(t)) {
  const path = join(directory, "x.deb");
  writeFileSync(path, content);
  return openDeb(path, "x.deb", openXzDecoder(undefined));
}

for (const compression of ["xz", "zst", "gz", "none"] as const) {
  test(`a package compressed with ${compression} is read`, async (t) => {
    const deb = open(t, await buildDeb({ name: "x", files, compression }));
    const entries: string[][] = [];
    for await (const { type, path, content } of readTar(deb.data(), "x.deb")) {
      entries.push([type, path, await readText(content)]);
    }
    assert.deepEqual(entries, [
      ["directory", "", ""],
      ["file", "usr/bin/x", "hello"],
    ]);
    assert.ok((await readText(deb.control())).includes("Package: x\n"));
  });
}

async function messageOfReading(t: TestContext, content: Buffer, directory?: string): Promise<string> {
  try {
    const deb = open(t, content, directory);
    await readText(deb.control());
    await readText(deb.data());
    return "no error";
  } catch (error) {
    return (error as Error).message;
  }
}

test("a package that is cut short is an error at every length", async (t) => {
  const deb = await buildDeb({ name: "x", files });
  const cut = 'Cannot read the package "x.deb": it is cut short';
  assert.equal(await messageOfReading(t, deb.subarray(0, deb.length - 10)), cut);
  const directory = temporaryDirectory(t);
  for (let length = 0; length < deb.length - 1; length++) {
    assert.match(
      await messageOfReading(t, deb.subarray(0, length), directory),
      /^Cannot read the package "x\.deb": it /,
    );
  }
});

test("what is no package is named", async (t) => {
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
    assert.equal(await messageOfReading(t, deb), `Cannot read the package "x.deb": ${why}`);
  }
});

test("a damaged compressed stream is an error", async (t) => {
  const members = [["debian-binary", Buffer.from("2.0\n")]] as [string, Buffer][];
  for (const form of ["xz", "zst", "gz"]) {
    const deb = buildAr([
      ...members,
      [`control.tar.${form}`, Buffer.from("nonsense")],
      ["data.tar", buildTar([])],
    ]);
    assert.match(await messageOfReading(t, deb), new RegExp(`control.tar.${form} is damaged \\(`));
  }
});
