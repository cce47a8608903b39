import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "../../os/files.ts";
import { buildDeb, type FixturePackage, fileNameOf } from "./testing.ts";
import { unpackPackages } from "./unpack.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "database-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

async function unpack(layer: string, packages: readonly FixturePackage[], lowers: readonly string[] = []) {
  const root = join(directory, layer);
  mkdirSync(root);
  const debs: string[] = [];
  for (const one of packages) {
    debs.push(join(directory, fileNameOf(one)));
    writeFileSync(debs.at(-1)!, await buildDeb(one));
  }
  const below = lowers.map((lower) => join(directory, lower));
  const unpacked = await unpackPackages({ debs, root, mode: "system", lowers: below });
  const read = (name: string) => readFileSync(join(root, "var/lib/dpkg", name), "utf8");
  return { packages: unpacked, root, read };
}

const library: FixturePackage = {
  name: "libx1",
  fields: { "Multi-Arch": "same" },
  files: [{ path: "usr/lib/libx.so.1" }],
  control: { triggers: "# made by hand\ninterest-noawait /usr/share/x\nactivate-noawait ldconfig\n" },
};

const daemon: FixturePackage = {
  name: "xd",
  fields: { Depends: "libx1", Description: "a daemon\n of several lines\n .\n the end" },
  files: [
    { path: "etc", type: "directory" },
    { path: "etc/xd.conf", content: "setting" },
    { path: "usr/share/x/y" },
  ],
  control: {
    conffiles: "/etc/xd.conf\nremove-on-upgrade /etc/old\n",
    postinst: "#!/bin/sh\n",
    preinst: "#!/bin/sh\n",
  },
};

test("packages are recorded as unpacked", async () => {
  const { read, packages } = await unpack("root", [library, daemon]);
  assert.equal(
    read("status"),
    `Package: libx1
Status: install ok unpacked
Version: 1.0-1
Architecture: amd64
Maintainer: Test <test@example.org>
Priority: optional
Multi-Arch: same
Description: test package libx1

Package: xd
Status: install ok unpacked
Version: 1.0-1
Architecture: amd64
Maintainer: Test <test@example.org>
Priority: optional
Depends: libx1
Conffiles:
 /etc/xd.conf newconffile
Description: a daemon
 of several lines
 .
 the end

`,
  );
  assert.deepEqual(
    packages.map(({ name, multiArch, hasPreinst }) => [name, multiArch, hasPreinst]),
    [
      ["libx1", "same", false],
      ["xd", "no", true],
    ],
  );
});

test("the records of a package are named and listed as dpkg does it", async () => {
  const { read, root } = await unpack("root", [library, daemon]);
  assert.equal(read("info/xd.list"), "/.\n/etc\n/etc/xd.conf\n/usr/share/x/y\n");
  assert.equal(read("info/libx1:amd64.list"), "/.\n/usr/lib/libx.so.1\n");
  assert.equal(lstatSync(join(root, "var/lib/dpkg/info/xd.postinst")).mode & 0o777, 0o755);
  assert.deepEqual(["info/format", "arch", "available", "diversions", "statoverride"].map(read), [
    "1\n",
    "amd64\n",
    "",
    "",
    "",
  ]);
});

test("conffiles wait for dpkg to install them", async () => {
  const { root } = await unpack("root", [daemon]);
  assert.equal(readFileSync(join(root, "etc/xd.conf.dpkg-new"), "utf8"), "setting");
  assert.ok(!existsSync(join(root, "etc/xd.conf")));
});

test("triggers are recorded and activated", async () => {
  const { read } = await unpack("root", [library, daemon]);
  assert.equal(read("triggers/File"), "/usr/share/x libx1:amd64/noawait\n");
  assert.equal(read("triggers/Unincorp"), "/usr/share/x -\nldconfig -\n");
});

test("a layer's records go on from those of the layer below", async () => {
  const named = { triggers: "interest reload\ninterest-noawait /usr/share/y\n" };
  await unpack("base", [library, { name: "first", control: named }]);
  const { read, root } = await unpack("top", [daemon, { name: "second", control: named }], ["base"]);
  assert.deepEqual(read("status").match(/^Package: .*/gm), [
    "Package: libx1",
    "Package: first",
    "Package: xd",
    "Package: second",
  ]);
  assert.equal(read("triggers/Unincorp"), "/usr/share/x -\n");
  assert.equal(read("triggers/reload"), "first\nsecond\n");
  assert.match(
    read("triggers/File"),
    /^\/usr\/share\/x libx1:amd64\/noawait\n\/usr\/share\/y first\/noawait\n/,
  );
  assert.ok(!existsSync(join(root, "var/lib/dpkg/diversions")));
});
