/** Packages that are small and want much: a disk, the memory, all inodes. The rest: `hostile-packages.test.ts` in `src`. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { runToEnd } from "../src/os/processes.ts";
import { buildAr, buildDeb, buildTar } from "../src/packages/debian/testing.ts";
import { unpackPackages } from "../src/packages/debian/unpack.ts";
import { repairTar } from "../tools/fuzz/repair-tar.ts";
import { needsRoot, ROOT, temporaryDirectory } from "./support.ts";

/** A package with this data archive; its control file says nothing of its size. */
function debOf(data: Buffer): Buffer {
  const control = "Package: a\nVersion: 1\nArchitecture: amd64\n";
  return buildAr([
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar", buildTar([{ path: "control", content: control }])],
    ["data.tar.zst", zstdCompressSync(data)],
  ]);
}

/** The error of unpacking a package, and what it has left in the tree. */
async function refusal(deb: Buffer): Promise<{ readonly message: string; readonly left: readonly string[] }> {
  const directory = temporaryDirectory();
  const root = join(directory, "root");
  mkdirSync(root);
  const path = join(directory, "a.deb");
  writeFileSync(path, deb);
  const error = await unpackPackages({ debs: [path], root, mode: "tools" }).then(
    () => assert.fail("unpacked"),
    (thrown) => thrown,
  );
  assert.equal(error.code, "package-invalid", error.stack);
  return {
    message: error.message.replace(/^.*?": /, ""),
    left: readdirSync(root).filter((name) => name === "f"),
  };
}

test("a member of eight gigabytes that nobody announced is refused before it is written", async () => {
  const data = buildTar([{ path: "f", content: "x" }]);
  data.write("77777777777", 124);
  assert.deepEqual(await refusal(debOf(repairTar(data))), {
    message: "its files have more than 2.0 GiB, the most that its Installed-Size allows",
    left: [],
  });
});

test("an archive of more entries than any package has is refused", async () => {
  const [entry] = [buildTar([{ path: "d", type: "directory" }]).subarray(0, 512)];
  const { message } = await refusal(debOf(Buffer.alloc(512 * 500_001, entry)));
  assert.equal(message, "its archive has more than 500000 entries");
});

/** Builds a tree of the package at `argv[2]` in a store below `argv[1]`; prints the error and what is left. */
const BUILD = `
import { copyFileSync, readdirSync } from "node:fs";
import { buildDebianTools, debianToolsRecipe } from "./src/guest/debian-layer.ts";
import { openStore } from "./src/store/store.ts";
const [, directory, deb, sha256] = process.argv;
const store = openStore(directory + "/store");
const input = { kind: "deb", version: 1, name: "a_1_amd64.deb", params: {}, inputs: {}, fixed: { sha256 } };
const builders = { deb: async ({ out }) => copyFileSync(deb, out), "debian-tools": buildDebianTools };
await store.realise(debianToolsRecipe("big", [input], {}), { builders }).catch(({ code, message }) => console.log(code, message));
console.log(readdirSync(directory + "/store/.tmp").join());
console.log((await store.verify(readdirSync(directory + "/store").find((name) => name.endsWith(".deb")))).intact);
`;

test("a package that fills the disk is told as that, and leaves the store whole", {
  skip: needsRoot,
}, async () => {
  const directory = temporaryDirectory();
  const deb = await buildDeb({
    name: "a",
    files: [{ path: "f", content: Buffer.alloc(64 << 20) }],
    fields: { "Installed-Size": String(10 << 20) },
    compression: "zst",
  });
  const file = join(directory, "a.deb");
  writeFileSync(file, deb);
  const disk = join(directory, "disk");
  mkdirSync(disk);
  const sha256 = createHash("sha256").update(deb).digest("hex");
  const { stdout, stderr } = await runToEnd(
    [
      ...[
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size=16m tmpfs "$1" && shift && exec "$@"',
        "sh",
        disk,
      ],
      ...[process.execPath, "--eval", BUILD, disk, file, sha256],
    ],
    { cwd: ROOT },
  );
  const [error, left, intact] = stdout.toString().split("\n");
  assert.match(
    error!,
    new RegExp(`^no-space Cannot write below "${disk}/store": no space left`),
    stderr.toString(),
  );
  assert.deepEqual([left, intact], ["", "true"]);
});
