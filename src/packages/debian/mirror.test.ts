import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "../../os/files.ts";
import { parseDeb822Sources, parseSourcesList } from "./apt-sources.ts";
import { debUrl, hostMirror, mirrorsFor } from "./mirror.ts";
import { debian, ubuntu } from "./package-set.ts";

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
        hint: 'Set one: debian({ mirror: "https://MIRROR/debian" }); for the programs of the host in microvm.vmHostPackages',
      }),
    );
  }
});

const trixie = { suite: "trixie", architecture: "amd64" };

test("a snapshot is a directory of the mirror, and of its security updates", () => {
  const set = debian({
    ...trixie,
    mirror: "https://mirror.example/archive/debian",
    snapshot: "20250520T000000Z",
  });
  assert.deepEqual(mirrorsFor(set, "main", "/nowhere"), [
    "https://mirror.example/archive/debian/20250520T000000Z",
  ]);
  assert.deepEqual(mirrorsFor(set, "security", "/nowhere"), [
    "https://mirror.example/archive/debian-security/20250520T000000Z",
  ]);
});

test("mirrors are those of the set, else the host's; security updates have their own", () => {
  const files = {
    "sources.list":
      "deb http://ONE/debian trixie main\ndeb http://TWO/debian-security trixie-security main\n",
  };
  withApt(files, (directory) => {
    const of = (options: object, repository?: string) =>
      mirrorsFor(debian({ ...trixie, ...options }), repository, directory);
    assert.deepEqual(of({}), ["http://ONE/debian"]);
    assert.deepEqual(of({}, "security"), ["http://TWO/debian-security"]);
    const mirror = ["http://a.example/debian/", "http://b.example/deb", "http://c.example/debian"];
    assert.deepEqual(of({ mirror }), [
      "http://a.example/debian",
      "http://b.example/deb",
      "http://c.example/debian",
    ]);
    assert.deepEqual(of({ mirror }, "security"), [
      "http://a.example/debian-security",
      "http://c.example/debian-security",
    ]);
    assert.deepEqual(of({ mirror, security: "http://s.example/s" }, "security"), ["http://s.example/s"]);
    const repositories = { own: { mirror: "http://o.example/o", suite: "x", keyring: "k" } };
    assert.deepEqual(of({ repositories }, "own"), ["http://o.example/o"]);
  });
});

test("security updates whose mirror is not known are not left out in silence", () => {
  const set = debian({ ...trixie, mirror: "https://mirror.example/deb" });
  assert.throws(() => mirrorsFor(set, "security", "/nowhere"), {
    code: "mirror-unknown",
    message: 'No mirror of "trixie-security" is known',
    hint: 'Set one: debian({ security: "https://MIRROR/debian-security" }), or do without: security: false',
  });
});

test("Ubuntu has its security updates in the same archive", () => {
  const files = {
    "sources.list.d/ubuntu.sources":
      "Types: deb\nURIs: http://MIRROR/ubuntu/\nSuites: noble noble-updates\nComponents: main universe\n" +
      "Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n",
  };
  withApt(files, (directory) => {
    const set = ubuntu({ suite: "noble", architecture: "amd64" });
    assert.deepEqual(mirrorsFor(set, "main", directory), ["http://MIRROR/ubuntu"]);
    assert.deepEqual(mirrorsFor(set, "security", directory), ["http://MIRROR/ubuntu"]);
  });
  assert.throws(() => hostMirror("/nowhere", "ubuntu"), {
    message: 'No mirror of Ubuntu is known: "/nowhere" names none',
    hint: 'Set one: ubuntu({ mirror: "https://MIRROR/ubuntu" }); for the programs of the host in microvm.vmHostPackages',
  });
});

test("file names are escaped in addresses", () => {
  assert.equal(
    debUrl("https://MIRROR/debian/", "pool/a/a+b_1~2.deb"),
    "https://MIRROR/debian/pool/a/a%2Bb_1~2.deb",
  );
});
