import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "../../os/files.ts";
import { openIndex } from "./package-index.ts";
import { indexOf, packagesText, sourceOf } from "./testing/index-fixtures.ts";

function temporary(context: { after: (done: () => void) => void }): string {
  const directory = mkdtempSync(join(tmpdir(), "package-index-"));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a package is told as the archive tells it", () => {
  const index = openIndex(
    [
      sourceOf(`Package: a
Version: 1:2.0-3
Architecture: amd64
Priority: important
Multi-Arch: same
Pre-Depends: b (>= 1)
Depends: c | d:any (<< 2~),
 e
Conflicts: f
Breaks: g (<= 3)
Recommends: h
Suggests: i
Provides: v (= 4), w
Filename: pool/a/a_2.0-3_amd64.deb
Size: 12345
Installed-Size: 77
SHA256: ${"AB".repeat(32)}
Description: not kept
 Depends: not this
`),
    ],
    "amd64",
  );
  assert.deepEqual(index.get("a"), {
    name: "a",
    version: "1:2.0-3",
    architecture: "amd64",
    essential: false,
    important: false,
    priority: "important",
    multiArch: "same",
    preDepends: [[{ name: "b", version: { operator: ">=", bound: "1" } }]],
    depends: [
      [{ name: "c" }, { name: "d", qualifier: "any", version: { operator: "<<", bound: "2~" } }],
      [{ name: "e" }],
    ],
    conflicts: [{ name: "f" }],
    breaks: [{ name: "g", version: { operator: "<=", bound: "3" } }],
    recommends: [[{ name: "h" }]],
    suggests: [[{ name: "i" }]],
    provides: [{ name: "v", version: { operator: "=", bound: "4" } }, { name: "w" }],
    file: "pool/a/a_2.0-3_amd64.deb",
    size: 12345,
    installedSize: 77,
    sha256: "ab".repeat(32),
    sources: [0],
    repository: "debian",
  });
});

test("what cannot be named, fetched or checked is left out", () => {
  const index = indexOf(
    "a/b",
    "../c",
    "d 1_2",
    "e; Architecture: i386",
    "f; SHA256: 00",
    "g; Filename: ../../etc/passwd",
    "h; Filename: /etc/passwd",
    "i; Architecture: all",
  );
  const names = ["d", "e", "f", "g", "h", "i"];
  assert.deepEqual([...index.names()], names);
  assert.deepEqual(
    names.filter((name) => index.get(name) ?? index.versions(name)[0]),
    ["i"],
  );
});

test("names of virtual packages alone are no names of packages", () => {
  assert.deepEqual([...indexOf("a; Provides: v; Depends: w").names()], ["a"]);
});

test("names and case of fields do not count", () => {
  assert.equal(indexOf("a; ESSENTIAL: yes").essential().length, 1);
});

test("what is kept is made once, and the text is not asked for again", (context) => {
  const cacheDirectory = temporary(context);
  const source = sourceOf(packagesText("a 1; Depends: b", "b 2"));
  assert.equal(openIndex([source], "amd64", { cacheDirectory }).get("b")?.version, "2");
  const gone = {
    ...source,
    text: () => {
      throw new Error("parsed again");
    },
  };
  const again = openIndex([gone], "amd64", { cacheDirectory });
  assert.deepEqual(again.get("a"), openIndex([source], "amd64").get("a"));
  assert.equal(readdirSync(cacheDirectory).length, 1);
});

test("each architecture and each list of sources is kept by itself", (context) => {
  const cacheDirectory = temporary(context);
  const [one, two] = [sourceOf(packagesText("a 1")), sourceOf(packagesText("a 2"))];
  for (const [sources, architecture] of [
    [[one], "amd64"],
    [[one], "arm64"],
    [[one, two], "amd64"],
    [[two, one], "amd64"],
  ] as const) {
    openIndex(sources, architecture, { cacheDirectory });
  }
  assert.equal(readdirSync(cacheDirectory).length, 4);
});

test("a kept index that is damaged anywhere, cut short or empty is made anew, at the next time at the latest", (context) => {
  const cacheDirectory = temporary(context);
  const source = sourceOf(packagesText("a 1; Depends: b", "b 2"));
  const open = () => openIndex([source], "amd64", { cacheDirectory }).get("a")?.depends[0]?.[0]?.name;
  open();
  const path = join(cacheDirectory, readdirSync(cacheDirectory)[0]!);
  const whole = readFileSync(path);
  const damaged = [Buffer.alloc(0), whole.subarray(0, 20), whole.subarray(0, -4), Buffer.alloc(whole.length)];
  for (let at = 0; at < whole.length; at += 7) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 0x40;
    damaged.push(changed);
  }
  const begin = whole.indexOf("Package: a\n");
  const end = whole.indexOf("Package: b\n") - 1;
  for (const content of damaged) {
    writeFileSync(path, content);
    const isInStanza =
      content.length === whole.length &&
      content.subarray(0, begin).equals(whole.subarray(0, begin)) &&
      !content.subarray(begin, end).equals(whole.subarray(begin, end));
    if (isInStanza) {
      assert.throws(open, {
        code: "checksum-mismatch",
        message: `The kept index "${path}" was damaged and is removed`,
        hint: "Run the command again: it is made anew",
      });
    }
    assert.equal(open(), "b");
    // What nobody asked for is not looked at.
    const isElsewhere =
      content.length === whole.length && content.subarray(0, end).equals(whole.subarray(0, end));
    if (!isElsewhere) assert.deepEqual(readFileSync(path), whole);
  }
  assert.deepEqual(readdirSync(cacheDirectory).length, 1);
});

test("what is kept is for its owner only", (context) => {
  const cacheDirectory = temporary(context);
  openIndex([sourceOf(packagesText("a"))], "amd64", { cacheDirectory });
  assert.equal(statSync(join(cacheDirectory, readdirSync(cacheDirectory)[0]!)).mode & 0o777, 0o600);
});

test("a directory that cannot be written to is no error", { skip: process.getuid?.() === 0 }, (context) => {
  const cacheDirectory = temporary(context);
  chmodSync(cacheDirectory, 0o500);
  assert.ok(openIndex([sourceOf(packagesText("a"))], "amd64", { cacheDirectory }).get("a"));
});
