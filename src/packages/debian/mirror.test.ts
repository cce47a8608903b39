import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "../../os/files.ts";
import { parseDeb822Sources, parseSourcesList } from "./apt-sources.ts";
import { debUrl, hostMirror, mirrorFor } from "./mirror.ts";

function withApt(files: Readonly<Record<string, string>>, check: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "apt-"));
  try {
    mkdirSync(join(directory, "sources.list.d"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    check(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("one-line sources are read, comments and source packages are not", () => {
  const text = `# deb http://OLD/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://MIRROR/debian trixie main contrib # why
deb-src http://MIRROR/debian trixie main
deb http://MIRROR/flat ./
`;
  assert.deepEqual(parseSourcesList(text), [
    { uri: "http://MIRROR/debian", suites: ["trixie"], components: ["main", "contrib"], signedBy: "/k.gpg" },
    { uri: "http://MIRROR/flat", suites: ["./"], components: [] },
  ]);
});

test("deb822 sources are read, disabled ones are not", () => {
  const text = `Types: deb deb-src
# a comment inside
URIs: https://ONE/debian https://TWO/debian
Suites: trixie
 trixie-updates
components: main

Types: deb
URIs: https://OFF/debian
Suites: sid
Components: main
Enabled: no

Types: deb-src
URIs: https://SRC/debian
Suites: sid
Components: main
`;
  const suites = ["trixie", "trixie-updates"];
  assert.deepEqual(parseDeb822Sources(text), [
    { uri: "https://ONE/debian", suites, components: ["main"] },
    { uri: "https://TWO/debian", suites, components: ["main"] },
  ]);
});

test("the mirror is Debian's own source, not another vendor's", () => {
  const files = {
    "sources.list": "",
    "sources.list.d/a-vendor.list":
      "deb [signed-by=/usr/share/keyrings/vendor.gpg] https://VENDOR/debian stable main\n",
    "sources.list.d/b.list": "deb https://NODE nodistro main\n",
    "sources.list.d/debian.sources":
      "Types: deb\nURIs: http://MIRROR/debian-security\nSuites: trixie-security\nComponents: main\n\n" +
      "Types: deb\nURIs: http://MIRROR/debian/\nSuites: trixie trixie-updates\nComponents: main\n" +
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
  };
  withApt(files, (directory) => assert.equal(hostMirror(directory), "http://MIRROR/debian"));
});

test("the classic file counts without a keyring", () => {
  const files = { "sources.list": "deb file:///srv/debian sid main\n" };
  withApt(files, (directory) => assert.equal(hostMirror(directory), "file:///srv/debian"));
});

test("without a source of Debian the person is asked for a mirror", () => {
  for (const files of [{}, { "sources.list": "deb http://MIRROR/ubuntu noble main\n" }]) {
    withApt(files, (directory) =>
      assert.throws(() => hostMirror(directory), {
        code: "mirror-unknown",
        message: `No mirror of Debian is known: "${directory}" names none`,
        hint: 'Set one: debian({ mirror: "https://MIRROR/debian" })',
      }),
    );
  }
});

test("a snapshot is a directory of the mirror", () => {
  const set = { mirror: "https://MIRROR/archive/debian", snapshot: "20250520T000000Z" };
  assert.equal(mirrorFor(set, "/nowhere"), "https://MIRROR/archive/debian/20250520T000000Z");
});

test("file names are escaped in addresses", () => {
  assert.equal(
    debUrl("https://MIRROR/debian/", "pool/a/a+b_1~2.deb"),
    "https://MIRROR/debian/pool/a/a%2Bb_1~2.deb",
  );
});
