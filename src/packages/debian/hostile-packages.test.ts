/** Packages that no archive makes: each is refused or contained, and nothing is written outside the tree. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "../../os/files.ts";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { Bounds } from "./package-bounds.ts";
import { buildDeb, type FixtureFile, type FixturePackage } from "./testing.ts";
import { type UnpackOptions, unpackPackages } from "./unpack.ts";

/** A tree to unpack into, and beside it what must stay as it is. */
function setUp(t: TestContext) {
  const directory = temporaryDirectory(t);
  const [root, outside, debs] = ["root", "outside", "debs"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [root, outside, debs, join(outside, "directory")]) mkdirSync(path);
  writeFileSync(join(outside, "file"), "secret");
  symlinkSync("file", join(outside, "link"));
  return { directory, root, outside, debs };
}

type Place = ReturnType<typeof setUp>;

/** Everything of a directory, by path: type and mode, owner, time, content. */
function snapshot(directory: string, isOwn: (name: string) => boolean = () => true): unknown[] {
  return readdirSync(directory)
    .filter(isOwn)
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      const { mode, uid, gid, nlink, mtimeMs } = lstatSync(path);
      const entry = { path, mode, uid, gid, nlink, mtimeMs };
      if ((mode & 0o170000) === 0o040000) return [entry, ...snapshot(path)];
      return [{ ...entry, content: (mode & 0o170000) === 0o100000 ? readFileSync(path, "utf8") : "" }];
    });
}

/** Unpacks packages in order; gives the error's message, without the package's name. Nothing outside has changed. */
async function unpackHostile(
  { directory, root, debs }: Place,
  packages: readonly FixturePackage[],
  options: Partial<UnpackOptions> = {},
): Promise<string> {
  const paths: string[] = [];
  for (const [index, one] of packages.entries()) {
    paths.push(join(debs, `${index}.deb`));
    writeFileSync(paths[index]!, await buildDeb({ compression: "none", ...one }));
  }
  const isCanary = (name: string) => name !== "root";
  const before = snapshot(directory, isCanary);
  const outcome = await unpackPackages({ debs: paths, root, mode: "system", ...options }).then(
    () => "unpacked",
    (error) => {
      assert.equal(error.code, "package-invalid", error.stack);
      return error.message.replace(/^Cannot read the package ".*?": /, "");
    },
  );
  assert.deepEqual(snapshot(directory, isCanary), before);
  return outcome;
}

const files = (...all: readonly FixtureFile[]): FixturePackage => ({ name: "a", files: all });
const link = (path: string, target: string): FixtureFile => ({ path, type: "symlink", target });

/** What a package may try with `outside`, and what becomes of it. */
const TREES: readonly (readonly [string, string, (outside: string) => readonly FixturePackage[]])[] = [
  [
    "an absolute name",
    "unpacked",
    (outside) => [files({ path: `${outside}/new`, isExact: true, content: "x" })],
  ],
  [
    "a name with ..",
    'its archive leads outside with the path "./../outside/new"',
    () => [files({ path: "../outside/new", content: "x" })],
  ],
  [
    "a file through an absolute link",
    "unpacked",
    (outside) => [files(link("l", outside), { path: "l/new", content: "x" })],
  ],
  [
    "a file through a relative link",
    "unpacked",
    () => [files(link("l", "../outside"), { path: "l/new", content: "x" }, { path: "l/file", content: "x" })],
  ],
  [
    "a file through a chain of links",
    "unpacked",
    (outside) => [
      files(
        link("a", "b/directory"),
        link("b", "c"),
        link("c", outside),
        { path: "a/new", content: "x" },
        { path: "b/file", content: "x" },
      ),
    ],
  ],
  [
    "a file in a link's own place",
    "unpacked",
    (outside) => [files(link("f", `${outside}/file`), { path: "f", content: "x", mode: 0o4777 })],
  ],
  [
    "a directory in a link's place",
    "unpacked",
    (outside) => [files(link("d", outside), { path: "d", type: "directory", mode: 0o777, uid: 5 })],
  ],
  [
    "a hard link to what is outside",
    '"/h" is a hard link to "/l/file", which it does not hold',
    (outside) => [files(link("l", outside), { path: "h", type: "hardlink", target: "l/file" })],
  ],
  [
    "a hard link to a link",
    '"/h" is a hard link to "/l", which it does not hold',
    (outside) => [
      files(link("l", `${outside}/file`), { path: "h", type: "hardlink", target: "l" }, { path: "h" }),
    ],
  ],
  [
    "a hard link to a file that became a link",
    "unpacked",
    (outside) => [
      files(
        { path: "f", content: "x" },
        link("f", `${outside}/file`),
        { path: "h", type: "hardlink", target: "f" },
        { path: "h", content: "x" },
      ),
    ],
  ],
  [
    "a link of one package on another's way",
    "unpacked",
    (outside) => [
      files(link("l", outside)),
      { name: "b", files: [{ path: "l", type: "directory", mode: 0o777 }, { path: "l/new" }] },
      { name: "c", files: [link("l", `${outside}/directory`), { path: "l/file", content: "x" }] },
    ],
  ],
  [
    "a device",
    '"/sda" is a device or a pipe, which a package cannot hold',
    () => [files({ path: "sda", type: "block-device", mode: 0o666 })],
  ],
  [
    "a whiteout, as overlayfs has it",
    '"/null" is a device or a pipe, which a package cannot hold',
    () => [files({ path: "null", type: "char-device" })],
  ],
  [
    "a pipe",
    '"/p" is a device or a pipe, which a package cannot hold',
    () => [files({ path: "p", type: "fifo" })],
  ],
  ["a newline in a name", 'its archive has the path "a\\nb"', () => [files({ path: "a\nb" })]],
  ["a name longer than any", "a path in its archive is too long", () => [files({ path: "x".repeat(256) })]],
  ["a path deeper than any", "a path in its archive is too long", () => [files({ path: "d/".repeat(9000) })]],
  ["a link to nothing", "a symbolic link in its archive leads nowhere", () => [files(link("l", ""))]],
  ["a file below a file", '"/f" is no directory', () => [files({ path: "f" }, { path: "f/g" })]],
  [
    "a file in a directory's place",
    '"/d" is a directory',
    () => [files({ path: "d", type: "directory" }, { path: "d" })],
  ],
  [
    "a top that is a link",
    "the top of its archive is no directory",
    (outside) => [files({ path: ".", isExact: true, type: "symlink", target: outside })],
  ],
];

for (const [what, outcome, packages] of TREES) {
  test(`of a package, ${what} stays in the tree or is refused`, async (t) => {
    const place = setUp(t);
    assert.equal(await unpackHostile(place, packages(place.outside)), outcome);
  });
}

test("a package's links do not lead dpkg's database outside", async (t) => {
  for (const path of [
    "var",
    "var/lib",
    "var/lib/dpkg",
    "var/lib/dpkg/info",
    "var/lib/dpkg/status",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg/info/a.postinst",
    "var/lib/dpkg/triggers/File",
    "var/lib/dpkg/triggers/x",
    "var/lib/dpkg/arch",
  ]) {
    for (const target of ["", "/file", "/new"]) {
      const place = setUp(t);
      const control = { postinst: "#!/bin/sh\n", triggers: "interest x\ninterest /usr\n" };
      const hostile = { ...files(link(path, `${place.outside}${target}`)), control };
      const outcome = await unpackHostile(place, [hostile]);
      assert.match(outcome, /^unpacked$|is no regular file$|is no directory$/);
    }
  }
});

test("a layer below does not make the database read what is outside", async (t) => {
  const place = setUp(t);
  const lower = join(place.directory, "lower");
  mkdirSync(join(lower, "var/lib/dpkg"), { recursive: true });
  symlinkSync(join(place.outside, "file"), join(lower, "var/lib/dpkg/status"));
  assert.equal(
    await unpackHostile(place, [files()], { lowers: [lower] }),
    '"/var/lib/dpkg/status" is no regular file',
  );
});

test("names in a control file do not become paths", async (t) => {
  const incomplete = "its control file lacks a name, a version or an architecture";
  const fields: readonly Readonly<Record<string, string>>[] = [
    { Package: "../../../../outside/x" },
    { Package: "a/b" },
    { Package: "a\n b" },
    { Architecture: "../../../../../../outside/x", "Multi-Arch": "same" },
    { Version: "1\n /x" },
    { Version: "1 x" },
    { Package: "a".repeat(101) },
  ];
  for (const one of fields) {
    assert.equal(
      await unpackHostile(setUp(t), [{ name: "a", fields: one }]),
      incomplete,
      JSON.stringify(one),
    );
  }
});

test("files of a control archive are those that dpkg knows to keep", async (t) => {
  for (const path of ["../x", "list", "a/b", "a b", "x".repeat(60)]) {
    const outcome = await unpackHostile(setUp(t), [{ name: "a", control: { [path]: "x" } }]);
    assert.match(outcome, /^its (control archive holds|archive leads outside)/, path);
  }
  const huge = await unpackHostile(setUp(t), [
    { name: "a", control: { conffiles: Buffer.alloc(5 << 20, "\n") } },
  ]);
  assert.equal(huge, "its control archive is too large");
});

const HEAD = "Package: a\nVersion: 1\nArchitecture: amd64\n";

/** Texts of control files, and what dpkg is told of their packages: nothing: refused. */
const CONTROLS: readonly (readonly [string, string | Buffer, RegExp | undefined])[] = [
  ["Latin-1", Buffer.from(`${HEAD}Maintainer: J\xfcrgen\n`, "latin1"), /^Maintainer: J\ufffdrgen$/m],
  ["a NUL", `${HEAD}Description: a\0b\n`, /^Description: a\0b$/m],
  ["CRLF", HEAD.replaceAll("\n", "\r\n"), /^Package: a\nStatus: install ok unpacked\nVersion: 1\n/],
  ["a BOM", `\ufeff${HEAD}`, undefined],
  ["UTF-16", Buffer.from(HEAD, "utf16le"), undefined],
  ["a megabyte in one line", `${HEAD}Description: ${"x".repeat(1 << 20)}\n`, /^Description: x{1048576}$/m],
  ["a hundred thousand lines", `${HEAD}Description: x\n${" y\n".repeat(100_000)}`, /^Description: x\n y\n/m],
  ["a field twice", `${HEAD}Version: 2\n`, /^Version: 2$/m],
  [
    "another package's paragraph",
    `${HEAD}\nPackage: b\nStatus: install ok installed\n`,
    /^Architecture: amd64\n+$/m,
  ],
  ["fields that are dpkg's", `${HEAD}Status: install ok installed\nConffiles:\n /etc/x 1\n`, /unpacked/],
  ["no text at all", "", undefined],
  ["only blanks and comments", " \n#\n\t\n", undefined],
];

for (const [what, control, expected] of CONTROLS) {
  test(`a control file with ${what} is refused or gives one package`, async (t) => {
    const place = setUp(t);
    const outcome = await unpackHostile(place, [{ name: "a", control: { control } }]);
    if (!expected) {
      assert.equal(outcome, "its control file lacks a name, a version or an architecture");
      return;
    }
    assert.equal(outcome, "unpacked");
    const status = readFileSync(join(place.root, "var/lib/dpkg/status"), "utf8");
    assert.match(status, expected);
    assert.deepEqual(status.match(/^(Package|Status|Conffiles):.*/gm), [
      "Package: a",
      "Status: install ok unpacked",
    ]);
  });
}

test("setuid stays, as the store is closed to others", async (t) => {
  const place = setUp(t);
  assert.equal(await unpackHostile(place, [files({ path: "su", mode: 0o4755 })]), "unpacked");
  assert.equal(lstatSync(join(place.root, "su")).mode & 0o7777, 0o4755);
});

test("a package is bounded by what it says of its size, and in its number of files", () => {
  const GIBIBYTE = 1024 ** 3;
  const bounded = (control: string, sizes: Iterable<number>) => () => {
    const bounds = new Bounds("x.deb", control);
    for (const size of sizes) bounds.count({ size });
  };
  const tooLarge = (gibibytes: string) => ({
    code: "package-invalid",
    message: `Cannot read the package "x.deb": its files have more than ${gibibytes} GiB, the most that its Installed-Size allows`,
  });
  bounded("", [2 * GIBIBYTE])();
  bounded("Installed-Size: 10485760\n", [10 * GIBIBYTE])();
  assert.throws(bounded("", [10 * GIBIBYTE]), tooLarge("2.0"));
  assert.throws(bounded("Installed-Size: -1\n", [GIBIBYTE, GIBIBYTE, 1]), tooLarge("2.0"));
  assert.throws(bounded("Installed-Size: 1048576\n", [10 * GIBIBYTE]), tooLarge("4.0"));
  bounded("", new Array(500_000).fill(0))();
  assert.throws(bounded("", new Array(500_001).fill(0)), {
    message: 'Cannot read the package "x.deb": its archive has more than 500000 entries',
  });
});
