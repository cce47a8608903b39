import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, type TestContext, test } from "node:test";
import { microvm } from "../../src/cli/testing/program.ts";
import { temporaryDirectory } from "../../src/os/testing/temporary-directory.ts";
import {
  type FixtureKey,
  type FixturePackage,
  makeKey,
  makeMirror,
} from "../../src/packages/debian/testing.ts";

/** What every guest and its host wish for. */
const ALWAYS =
  "apt dbus init iproute2 kmod login mount passwd qemu-guest-agent systemd systemd-sysv udev linux-image-cloud-amd64 busybox-static".split(
    " ",
  );

let key: FixtureKey;

before(async () => {
  key = await makeKey();
});

interface LockedProject {
  readonly path: string;
  /** Renews the mirror with these packages beside those that every guest has. */
  mirror(more: readonly FixturePackage[], date?: string): Promise<void>;
  /** Runs `microvm lock` with these options. */
  lock(...options: readonly string[]): ReturnType<typeof microvm>;
  /** Writes the project file, with the packages of its two VMs. */
  write(web: readonly string[], db: readonly string[]): void;
}

function lockedProject(t: TestContext): LockedProject {
  const directory = temporaryDirectory(t);
  const path = join(directory, "microvm.lock");
  const set = `debian({ suite: "trixie", architecture: "amd64", mirror: ${JSON.stringify(`file://${directory}/debian`)}, keyring: ${JSON.stringify(key.publicKey)} })`;
  return {
    path,
    async mirror(more, date) {
      rmSync(join(directory, "debian"), { recursive: true, force: true });
      const packages = [...ALWAYS.map((name) => ({ name })), ...more];
      await makeMirror(join(directory, "debian"), packages, { key, ...(date !== undefined && { date }) });
    },
    lock: (...options) =>
      microvm(["lock", directory, ...options], { env: { MICROVM_STORE: join(directory, "store") } }),
    write(web, db) {
      const vm = (packages: readonly string[]) =>
        `{ pkgs: ${set}, config: { environment: { packages: ${JSON.stringify(packages)} }, microvm: { vmHostPackages: "host" } } }`;
      writeFileSync(
        join(directory, "microvm.config.ts"),
        `import { debian, defineProject } from "microvm";
         export default defineProject({
           microvms: { web: ${vm(web)} },
           hosts: { default: () => ({ microvm: { vms: { db: ${vm(db)} } } }) },
         });`,
      );
    },
  };
}

/** Output without the part of the set's name that depends on the key. */
const plain = (text: string) => text.replace(/#[0-9a-f]{8}/g, "#KEY");

const LABEL = "debian/trixie/amd64/main#KEY";

describe("microvm lock", { concurrency: 3 }, () => {
  test("all VMs of a project are locked, and stay so", async (t) => {
    const project = lockedProject(t);
    await project.mirror([{ name: "nginx" }, { name: "jq" }]);
    project.write(["nginx"], ["jq"]);
    const { status, stdout } = await project.lock();
    assert.equal(status, 0);
    assert.equal(
      plain(stdout),
      `${LABEL}: locked, 16 packages for web, default/db
web: 15 packages
default/db: 15 packages
Wrote microvm.lock
`,
    );
    const text = readFileSync(project.path, "utf8");
    await project.mirror([{ name: "nginx", version: "2.0-1" }, { name: "jq" }]);
    const again = await project.lock();
    assert.equal(
      plain(again.stdout),
      `${LABEL}: unchanged, 16 packages for web, default/db\nmicrovm.lock is up to date\n`,
    );
    assert.equal(readFileSync(project.path, "utf8"), text);
  });

  test("an update tells for each VM what comes, goes and changes", async (t) => {
    const project = lockedProject(t);
    const libx = { name: "libx" };
    await project.mirror([
      { name: "nginx", fields: { Depends: "libx" } },
      libx,
      { name: "jq", version: "2.0-1" },
    ]);
    project.write(["nginx"], ["jq"]);
    await project.lock();
    const text = readFileSync(project.path, "utf8");
    const now = [
      { name: "nginx", version: "1.1-1", fields: { Depends: "liby" } },
      { name: "liby" },
      { name: "jq" },
    ];
    await project.mirror(now, "Sun, 13 Sep 2026 07:55:41 UTC");
    const report = `${LABEL}: updated, 17 packages for web, default/db
web:
  added liby 1.0-1
  removed libx 1.0-1
  upgraded nginx 1.0-1 -> 1.1-1
default/db:
  downgraded jq 2.0-1 -> 1.0-1
`;
    const dry = await project.lock("--update", "--dry-run");
    assert.equal(plain(dry.stdout), `${report}Would write microvm.lock\n`);
    assert.equal(readFileSync(project.path, "utf8"), text);
    const { stdout, status } = await project.lock("--update", "trixie", "--json");
    assert.equal(status, 0);
    const { sets, changes, written } = JSON.parse(stdout);
    assert.deepEqual(
      sets.map(({ status, packages, releases, vms }: Record<string, unknown>) => [
        status,
        packages,
        releases,
        vms,
      ]),
      [["updated", 17, { trixie: "Sun, 13 Sep 2026 07:55:41 UTC" }, ["web", "default/db"]]],
    );
    assert.deepEqual(changes, [
      {
        vm: "web",
        of: "guest",
        isNew: false,
        added: [{ name: "liby", version: "1.0-1" }],
        removed: [{ name: "libx", version: "1.0-1" }],
        upgraded: [{ name: "nginx", from: "1.0-1", to: "1.1-1" }],
        downgraded: [],
      },
      {
        vm: "default/db",
        of: "guest",
        isNew: false,
        added: [],
        removed: [],
        upgraded: [],
        downgraded: [{ name: "jq", from: "2.0-1", to: "1.0-1" }],
      },
    ]);
    assert.equal(written, true);
  });

  test("a set that the project does not have is wrong usage, with what is near", async (t) => {
    const project = lockedProject(t);
    project.write([], []);
    const near = await project.lock("--update", "trixe");
    assert.deepEqual(
      [near.status, near.stderr],
      [2, 'error: The project has no package set "trixe"\nhint: Did you mean "trixie"?\n'],
    );
  });

  test("options that make no sense together are wrong usage", async (t) => {
    const project = lockedProject(t);
    project.write([], []);
    const { status, stderr } = await project.lock("--allow-downgrade");
    assert.deepEqual(
      [status, stderr],
      [2, 'error: "--allow-downgrade" needs "--update"\nhint: See "microvm lock --help"\n'],
    );
    const named = await microvm(["lock", `${join(project.path, "..")}#web`]);
    assert.deepEqual(
      [named.status, named.stderr],
      [2, 'error: "lock" locks all VMs of a project: leave out "#web"\nhint: See "microvm lock --help"\n'],
    );
  });
});
