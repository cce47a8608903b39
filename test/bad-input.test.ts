/** What a person or the world does wrong: one clear error each, exit status 1 or 2, nothing half-built. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { downloadToFile } from "../src/os/http.ts";
import { hostMirror } from "../src/packages/debian/mirror.ts";
import { makeMirror } from "../src/packages/debian/testing.ts";
import {
  guestProject,
  microvm,
  microvmBelow,
  needsRoot,
  project,
  STORE_SHARE,
  temporaryDirectory,
} from "./support.ts";

const plain = `microvm: { ${STORE_SHARE} }`;

/** Paths in a store, without the unfinished. */
const storePaths = (store: string) => readdirSync(store).filter((name) => !name.startsWith("."));

async function fails(
  directory: string,
  status: number,
  message: RegExp,
  changes: Record<string, string> = {},
) {
  const { stdout, stderr, code } = await microvm(["build", directory], changes);
  assert.match(stderr, message);
  assert.equal(code, status, stderr);
  assert.equal(stdout, "");
}

test("a value of the wrong type", () =>
  fails(
    guestProject(`microvm: { mem: "much" }`),
    1,
    /^error: The option "microvm\.mem" .*positive.*"much".*microvm\.config\.ts/m,
  ));

test("an unknown option, with the one that was meant", () =>
  fails(guestProject(`microvm: { vcpus: 2 }`), 1, /"microvm\.vcpus".*[\s\S]*"(microvm\.)?vcpu"/));

test("an exception in the project file, with its line", () =>
  fails(
    project({
      "microvm.config.ts": `const a = 1;\nthrow new Error("out of luck");\nexport default { a };\n`,
    }),
    1,
    /microvm\.config\.ts:2.*out of luck/,
  ));

test("a project that writes a file is refused by the permission model", async () => {
  const directory = project({
    "microvm.config.ts": `import { writeFileSync } from "node:fs";\nwriteFileSync("/tmp/owned", "");\nexport default {};\n`,
  });
  await fails(directory, 1, /may not .*write|write.*not|read access only/i);
});

test("no project there, and wrong usage", async () => {
  await fails("/nowhere", 1, /^error: There is no project at "\/nowhere"/m);
  const { stderr, code } = await microvm(["run", "--nonsense"]);
  assert.equal(code, 2);
  assert.match(stderr, /--nonsense/);
  assert.match(stderr, /^hint: See "microvm run --help"$/m);
});

test("a mirror that cannot be reached", () =>
  fails(
    guestProject(plain, `mirror: "http://127.0.0.1:9/debian"`),
    1,
    /^error: .*http:\/\/127\.0\.0\.1:9\/debian.*\nhint: /m,
    { MICROVM_STORE: temporaryDirectory() },
  ));

test("no mirror known, on a host whose apt names none", { skip: needsRoot }, async () => {
  const empty = temporaryDirectory();
  const { stderr, code } = await microvmBelow(
    ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/apt && exec "$@"', empty],
    ["build", guestProject(plain)],
    { MICROVM_STORE: temporaryDirectory() },
  );
  assert.equal(code, 1);
  assert.match(stderr, /^error: .*mirror/m);
  assert.match(stderr, /^hint: .*https:\/\/MIRROR\/debian/m);
});

test("an archive that is signed with another key", async () => {
  const { mirror } = await makeMirror(temporaryDirectory(), [{ name: "hello" }]);
  await fails(guestProject(plain, `mirror: "${mirror}"`), 1, /^error: .*signature|signed/im, {
    MICROVM_STORE: temporaryDirectory(),
  });
});

test("an index that is not what the archive signed", async () => {
  const directory = temporaryDirectory();
  const { mirror, keyring } = await makeMirror(directory, [{ name: "hello" }]);
  for (const file of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!file.isFile() || !file.parentPath.includes("binary-amd64")) continue;
    const path = join(file.parentPath, file.name);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
  }
  const set = `mirror: "${mirror}", keyring: ${JSON.stringify(keyring)}`;
  const store = temporaryDirectory();
  await fails(guestProject(plain, set), 1, /^error: .*checksum/im, { MICROVM_STORE: store });
  assert.deepEqual(storePaths(store), []);
});

test("a package that is not what the index says", async () => {
  const server = await mirrorThat((path, bytes) => {
    if (path.endsWith(".deb")) bytes[bytes.length >> 1]! ^= 1;
    return bytes;
  });
  const store = temporaryDirectory();
  await fails(guestProject(plain, `mirror: "${server}", security: false`), 1, /^error: .*checksum/im, {
    MICROVM_STORE: store,
  });
  assert.deepEqual(storePaths(store), []);
});

test("a package that does not exist, with names that come near", () =>
  fails(
    guestProject(`${plain}, environment: { packages: ["ngnix"] }`),
    1,
    /^error: .*"ngnix".*[\s\S]*nginx/m,
  ));

test("a lock whose package has left the mirror", async () => {
  const directory = guestProject(`${plain}, environment: { packages: ["tree"] }`);
  const { code, stderr } = await microvm(["build", directory]);
  assert.equal(code, 0, stderr);
  const path = join(directory, "microvm.lock");
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const { packages } = lock.packageSets["debian/trixie+updates+security/amd64/main"];
  packages.tree.file = packages.tree.file.replace(/tree_[^_]*_/, "tree_0.0-1_");
  packages.tree.sha256 = "0".repeat(64);
  writeFileSync(path, JSON.stringify(lock));
  await fails(
    directory,
    1,
    /^error: The mirror no longer has "tree .*", which the lock file names .*\nhint: Take what the archive has now: microvm lock --update; /m,
  );
});

test("no space left in the store", { skip: needsRoot }, async () => {
  const place = temporaryDirectory();
  const { stderr, code } = await microvmBelow(
    ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=48m tmpfs "$0" && exec "$@"', place],
    ["build", guestProject(plain)],
    { MICROVM_STORE: join(place, "store") },
  );
  assert.equal(code, 1);
  assert.match(stderr, /^error: .*no space left/im);
  assert.match(stderr, /^hint: Free some space there, or set MICROVM_STORE/m);
});

test("a guest that does not come up in time, with its console's last lines", async () => {
  const directory = guestProject(
    `microvm: { ${STORE_SHARE} }, boot: { kernelParams: ["init=/nonexistent", "loglevel=7"] }, systemd: { maskedUnits: ["qemu-guest-agent.service"] }`,
  );
  const { stderr, code } = await microvm(["run", directory, "--exec", "true", "--timeout", "4"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: The guest did not come up within 4 seconds; its console's last lines:\n(.*\n)+hint: Give it longer/m,
  );
});

test("an accelerator that cannot work, with what the hypervisor says", async () => {
  const directory = guestProject(plain);
  const { stderr, code } = await microvm(["run", directory, "--exec", "true"], { MICROVM_ACCEL: "magic" });
  assert.equal(code, 1);
  assert.match(stderr, /MICROVM_ACCEL is "magic": it must be kvm or tcg/);
});

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** A mirror on loopback that passes the real one's files through a change. */
function mirrorThat(change: (path: string, bytes: Buffer) => Buffer): Promise<string> {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "files"));
  let count = 0;
  const server = createServer(async (request, response) => {
    const path = request.url!.replace(/^\/debian/, "");
    try {
      const file = join(directory, "files", String(count++));
      await downloadToFile(`${hostMirror("/etc/apt")}${path}`, file);
      response.end(change(path, readFileSync(file)));
    } catch {
      response.writeHead(404).end();
    }
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}/debian`);
    });
  });
}
