/** Sets of several suites, repositories and local files: what is chosen, whose file it is, and what must vouch for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "../../os/files.ts";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { formatLock, type Lock, parseLock } from "../lock.ts";
import { type LockPackagesOptions, lockPackages } from "./lock-packages.ts";
import { type DebianOptions, debian, ubuntu } from "./package-set.ts";
import { buildDeb, type FixtureKey, type FixturePackage, makeKey, makeMirror } from "./testing.ts";

let key: FixtureKey;

before(async () => {
  key = await makeKey();
});

interface Project {
  readonly directory: string;
  /** Makes a mirror in a directory of it; its address. */
  mirror(
    name: string,
    packages: readonly FixturePackage[],
    options?: Parameters<typeof makeMirror>[2],
  ): Promise<string>;
  /** Locks what is wanted; `NAME VERSION REPOSITORY` of each package. */
  lock(
    options: Partial<DebianOptions> & { readonly wanted: readonly string[] },
    more?: Partial<LockPackagesOptions>,
  ): Promise<
    { readonly lock: Lock; readonly packages: readonly string[] } & Pick<
      Awaited<ReturnType<typeof lockPackages>>,
      "source"
    >
  >;
}

function project(t: TestContext, make = debian): Project {
  const directory = temporaryDirectory(t);
  return {
    directory,
    async mirror(name, packages, options = {}) {
      return (await makeMirror(join(directory, name), packages, { key, ...options })).mirror;
    },
    async lock({ wanted, ...options }, more = {}) {
      const base = { suite: "trixie", architecture: "amd64", keyring: key.publicKey };
      const result = await lockPackages({
        set: make({ ...base, ...options } as DebianOptions),
        requests: [{ key: "guest", wanted, essential: false }],
        projectDirectory: directory,
        indicesDirectory: join(directory, "indices"),
        ...more,
      });
      assert.deepEqual(parseLock(formatLock(result.lock)), result.lock);
      const packages = result.packages.guest!.map(
        ({ name, version, repository = "main" }) => `${name} ${version} ${repository}`,
      );
      return { lock: result.lock, source: result.source, packages };
    },
  };
}

const nginx = (version: string, fields = {}): FixturePackage => ({ name: "nginx", version, fields });

test("the newest of a release, its updates and its security updates is taken, from where it is", async (t) => {
  const { mirror, lock } = project(t);
  const address = await mirror("debian", [
    nginx("1"),
    { name: "tzdata", version: "1" },
    { name: "jq", version: "1" },
  ]);
  await mirror("debian", [{ name: "tzdata", version: "2" }], { suite: "trixie-updates" });
  await mirror("debian-security", [nginx("1+deb13u1"), { name: "jq", version: "0" }], {
    suite: "trixie-security",
  });
  const own = { mirror: address, updates: true, security: true };
  const { packages, lock: locked } = await lock({ ...own, wanted: ["nginx", "tzdata", "jq"] });
  assert.deepEqual(packages, ["jq 1 main", "nginx 1+deb13u1 security", "tzdata 2 main"]);
  const [set] = Object.values(locked.packageSets);
  assert.deepEqual(Object.keys(set!.releases), ["trixie", "trixie-updates", "trixie-security"]);
});

test("Ubuntu's security updates come from the same archive", async (t) => {
  const { mirror, lock } = project(t, ubuntu);
  const options = { suite: "noble", suiteName: "noble", component: "main" };
  const address = await mirror("ubuntu", [nginx("1")], options);
  const pocket = { suite: "noble-security", suiteName: "noble-security", codename: "noble" };
  await mirror("ubuntu", [nginx("2")], { ...options, ...pocket });
  const own = { suite: "noble", components: ["main"], mirror: address, security: true };
  const { packages, source } = await lock({ ...own, wanted: ["nginx"] });
  assert.deepEqual(packages, ["nginx 2 security"]);
  assert.ok(source);
});

test("backports are taken when a pin says so, and not by themselves", async (t) => {
  const { mirror, lock } = project(t);
  const address = await mirror("debian", [nginx("1"), { name: "jq", version: "1" }]);
  const fields = ["NotAutomatic: yes", "ButAutomaticUpgrades: yes"];
  const suite = { suite: "trixie-backports", suiteName: "stable-backports", fields };
  await mirror("debian", [nginx("2"), { name: "jq", version: "2" }], suite);
  const own = { mirror: address, extraSuites: ["trixie-backports"], wanted: ["nginx", "jq"] };
  assert.deepEqual((await lock(own)).packages, ["jq 1 main", "nginx 1 main"]);
  const pins = [{ packages: "ngin*", codename: "trixie-backports", priority: 990 }];
  assert.deepEqual((await lock({ ...own, pins })).packages, ["jq 1 main", "nginx 2 main"]);
});

test("another repository is trusted by its own key only, and its packages are its own", async (t) => {
  const { directory, mirror, lock } = project(t);
  const own = await makeKey();
  const address = await mirror("debian", [{ name: "libx" }]);
  const other = await mirror("docker", [{ name: "docker", fields: { Depends: "libx" } }], { key: own });
  writeFileSync(join(directory, "docker.asc"), own.publicKey);
  const docker = { mirror: other, suite: "trixie", keyring: "./docker.asc" };
  const {
    packages,
    source,
    lock: locked,
  } = await lock({
    mirror: address,
    repositories: { docker },
    wanted: ["docker"],
  });
  assert.deepEqual(packages, ["libx 1.0-1 main", "docker 1.0-1 docker"]);
  const [set] = Object.values(locked.packageSets);
  assert.deepEqual(Object.keys(set!.releases), ["trixie", "docker:trixie"]);
  const out = join(directory, "out.deb");
  await source.fetch({ ...set!.packages.docker!, label: "docker" }, out);
  assert.ok(
    readFileSync(out).equals(readFileSync(join(directory, "docker/pool/main/docker_1.0-1_amd64.deb"))),
  );
  for (const keyring of [key.publicKey, undefined]) {
    const wrong =
      keyring === undefined ? { mirror: other } : { repositories: { docker: { ...docker, keyring } } };
    await assert.rejects(lock({ mirror: address, ...wrong, wanted: ["docker"] }), {
      code: "signature-invalid",
    });
  }
});

test("a repository without dists has its packages too", async (t) => {
  const { mirror, lock } = project(t);
  const address = await mirror("debian", []);
  const flat = await mirror("flat", [{ name: "kubectl" }], { flat: "deb" });
  const repositories = { k8s: { mirror: flat, suite: "deb/", keyring: key.publicKey } };
  const { packages } = await lock({ mirror: address, repositories, wanted: ["kubectl"] });
  assert.deepEqual(packages, ["kubectl 1.0-1 k8s"]);
});

async function writeDeb(path: string, fixture: FixturePackage): Promise<void> {
  writeFileSync(path, await buildDeb(fixture));
}

test("local packages win over any version of the archive, and are locked by their checksum", async (t) => {
  const { directory, mirror, lock } = project(t);
  const address = await mirror("debian", [nginx("9"), { name: "libx" }]);
  await writeDeb(join(directory, "nginx.deb"), nginx("1", { Depends: "libx, mine" }));
  mkdirSync(join(directory, "debs"));
  await writeDeb(join(directory, "debs/mine.deb"), { name: "mine", architecture: "all", compression: "zst" });
  writeFileSync(join(directory, "debs/README"), "no package");
  const own = { mirror: address, packages: ["./nginx.deb", "./debs/"], wanted: ["nginx"] };
  const first = await lock(own);
  assert.deepEqual(first.packages, ["libx 1.0-1 main", "mine 1.0-1 local", "nginx 1 local"]);
  const [set] = Object.values(first.lock.packageSets);
  assert.equal(set!.packages.mine!.file, "debs/mine.deb");
  const out = join(directory, "out.deb");
  await first.source.fetch({ ...set!.packages.mine!, label: "mine" }, out);
  assert.ok(readFileSync(out).equals(readFileSync(join(directory, "debs/mine.deb"))));

  assert.equal((await lock(own, { lock: first.lock })).lock, first.lock);
  await writeDeb(join(directory, "debs/mine.deb"), { name: "mine", version: "2", architecture: "all" });
  await assert.rejects(first.source.fetch({ ...set!.packages.mine!, label: "mine" }, out), {
    code: "checksum-mismatch",
  });
  await mirror("debian", [nginx("9"), { name: "libx", version: "2.0-1" }]);
  const second = await lock(own, { lock: first.lock });
  assert.deepEqual(second.packages, ["libx 1.0-1 main", "mine 2 local", "nginx 1 local"]);
});

test("local packages that are not there, are none, or lie elsewhere are named", async (t) => {
  const { directory, mirror, lock } = project(t);
  const address = await mirror("debian", []);
  const fails = (path: string, error: object) =>
    assert.rejects(lock({ mirror: address, packages: [path], wanted: ["mine"] }), error);
  await fails("./mine.deb", {
    code: "package-not-found",
    message: `There is no local package "./mine.deb" in "${directory}"`,
    hint: 'Correct "packages" of the package set, or put the file there',
  });
  writeFileSync(join(directory, "mine.deb"), "text");
  await fails("./mine.deb", {
    code: "package-invalid",
    message: 'Cannot read the package "mine.deb": it is not an ar archive',
  });
  rmSync(join(directory, "mine.deb"));
  symlinkSync("/etc/hostname", join(directory, "mine.deb"));
  await fails("./mine.deb", {
    code: "package-not-found",
    message: `The local package "./mine.deb" is not below "${directory}"`,
    hint: "Copy it into the project's directory",
  });
});

test("an archive cannot pass for local packages", async (t) => {
  const { directory, mirror, lock } = project(t);
  const address = await mirror("debian", [nginx("2")]);
  const fields = ["Origin: local"];
  const other = await mirror("other", [nginx("1")], {
    suiteName: "local",
    codename: "local",
    suite: "x",
    fields,
  });
  await writeDeb(join(directory, "mine.deb"), { name: "mine" });
  const repositories = { other: { mirror: other, suite: "local", keyring: key.publicKey } };
  rmSync(join(directory, "other/dists/local"), { recursive: true, force: true });
  symlinkSync("x", join(directory, "other/dists/local"));
  const { packages } = await lock({
    mirror: address,
    repositories,
    packages: ["./mine.deb"],
    wanted: ["nginx"],
  });
  assert.deepEqual(packages, ["nginx 2 main"]);
});

test("what is forbidden is not installed", async (t) => {
  const { mirror, lock } = project(t);
  const address = await mirror("debian", [
    nginx("1", { Depends: "snapd | libx" }),
    { name: "snapd" },
    { name: "libx" },
  ]);
  const own = { mirror: address, wanted: ["nginx"] };
  assert.deepEqual((await lock(own)).packages, ["snapd 1.0-1 main", "nginx 1 main"]);
  assert.deepEqual((await lock({ ...own, forbid: ["snap*"] })).packages, ["libx 1.0-1 main", "nginx 1 main"]);
});
