/** The package set against the real archive: this machine's own mirror, and what its apt would install. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "../src/os/files.ts";
import { downloadToFile } from "../src/os/http.ts";
import { run, runToEnd } from "../src/os/processes.ts";
import { fetchIndices, releaseState } from "../src/packages/debian/fetch-index.ts";
import { debUrl, hostMirror } from "../src/packages/debian/mirror.ts";
import { newMirrorPool } from "../src/packages/debian/mirror-pool.ts";
import { openIndex, type PackageIndex } from "../src/packages/debian/open-index.ts";
import { debian } from "../src/packages/debian/package-set.ts";
import { fetchRelease, type Release } from "../src/packages/debian/release.ts";
import { resolve } from "../src/packages/debian/resolver.ts";
import { sourcesOf } from "../src/packages/debian/sources.ts";
import { unpackPackages } from "../src/packages/debian/unpack.ts";

const ARCHIVE_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** What guests are commonly made of; apt itself counts as essential for apt, so it is asked for here. */
const WISHES = [
  ["apt", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "openssh-server", "nginx", "qemu-guest-agent"],
  ["apt", "apache2", "php", "mariadb-server", "wordpress"],
  ["apt", "build-essential", "openjdk-21-jdk"],
];

const skip = findReasonToSkip();
const set = debian({ suite: "trixie", architecture: "amd64" });
let directory: string;
let mirror: string;
let release: Release;
let index: PackageIndex;

function findReasonToSkip(): string | false {
  if (!existsSync("/usr/bin/apt-get")) return "this machine has no apt to compare with";
  return existsSync(ARCHIVE_KEYRING) ? false : "this machine's apt has no keys of Debian";
}

before(async () => {
  if (skip) return;
  directory = mkdtempSync(join(tmpdir(), "debian-mirror-"));
  mirror = hostMirror("/etc/apt");
  const [source] = sourcesOf(set);
  release = await fetchRelease(source!, [mirror]);
  const state = releaseState(source!, release, set.architecture);
  const place = { mirrors: [mirror], pool: newMirrorPool(), indicesDirectory: join(directory, "indices") };
  index = openIndex(await fetchIndices(source!, state, place), set.architecture);
});

after(() => directory && rmSync(directory, { recursive: true }));

/** apt-get with directories of its own, which knows trixie and no installed package. */
function aptGet(...args: readonly string[]): readonly string[] {
  const options = {
    "Dir::Etc": "etc",
    "Dir::Etc::sourcelist": "etc/sources.list",
    "Dir::Etc::sourceparts": "none",
    "Dir::State": "",
    "Dir::State::status": "status",
    "Dir::Cache": "cache",
  };
  const places = Object.entries(options).flatMap(([name, place]) => [
    "-o",
    `${name}=${join(directory, "apt", place)}`,
  ]);
  const own = ["APT::Architecture=amd64", "APT::Architectures=amd64", "Acquire::Languages=none"];
  return ["apt-get", "-qq", ...places, ...own.flatMap((option) => ["-o", option]), ...args];
}

async function prepareApt(): Promise<void> {
  for (const place of ["etc/apt.conf.d", "etc/preferences.d", "lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(directory, "apt", place), { recursive: true });
  }
  writeFileSync(join(directory, "apt/status"), "");
  writeFileSync(
    join(directory, "apt/etc/sources.list"),
    `deb [signed-by=${ARCHIVE_KEYRING}] ${mirror} trixie main\n`,
  );
  await run(aptGet("update"));
}

test("the real archive's Release is trusted", { skip }, () => {
  assert.equal(release.codename, "trixie");
  assert.ok(release.byHash);
});

test("the same packages are chosen as by apt", { skip }, async (context) => {
  await prepareApt();
  for (const wish of WISHES) {
    await context.test(wish.join(" "), async () => {
      const plan = await run(
        aptGet("--simulate", "--no-install-recommends", "install", "?essential", ...wish),
      );
      const theirs = [...plan.toString().matchAll(/^Inst (\S+) \((\S+)/gm)].map(
        (match) => `${match[1]} ${match[2]}`,
      );
      const ours = resolve(index, wish, { essential: true }).map((one) => `${one.name} ${one.version}`);
      assert.ok(theirs.length > 100);
      assert.deepEqual(ours.toSorted(), theirs.toSorted());
    });
  }
});

test("real packages are unpacked as dpkg unpacks them", {
  skip: skip || !existsSync("/usr/bin/dpkg-deb"),
}, async () => {
  const names = ["base-files", "libc6", "tar", "dbus-daemon", "nginx"];
  const debs = names.map((name) => join(directory, index.get(name)!.file.replace(/.*\//, "")));
  for (const [position, name] of names.entries()) {
    const { file, sha256, size } = index.get(name)!;
    await downloadToFile(debUrl(mirror, file), debs[position]!, { sha256, size });
  }
  const [ours, theirs] = ["ours", "theirs"].map((name) => join(directory, name)) as [string, string];
  mkdirSync(ours);
  mkdirSync(theirs);
  await unpackPackages({ debs, root: ours, mode: "tools" });
  for (const deb of debs) await run(["dpkg-deb", "--extract", deb, theirs]);
  const list = (root: string) =>
    run(
      [
        "find",
        ".",
        "-mindepth",
        "1",
        "(",
        "-type",
        "d",
        "-printf",
        "%p %m %U %G\n",
        ")",
        "-o",
        "-printf",
        "%p %y %m %U %G %s %Ts %l\n",
      ],
      { cwd: root },
    );
  const lines = async (root: string) =>
    (await list(root))
      .toString()
      .split("\n")
      // Links into /usr are made by us first, at the time of that.
      .map((line) => line.replace(/^(\.\/(?:bin|sbin|lib|lib64) l .*) \d+ /, "$1 "))
      .sort();
  assert.ok(readdirSync(ours).length > 10);
  assert.deepEqual(await lines(ours), await lines(theirs));
  assert.equal((await runToEnd(["diff", "-rq", "--no-dereference", ours, theirs])).code, 0);
});
