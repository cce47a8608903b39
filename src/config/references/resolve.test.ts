import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MicrovmError } from "../../errors.ts";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { storeNames } from "../../paths.ts";
import type { PinnedReference } from "../find-project.ts";
import { checkReference, resolveReference } from "./resolve.ts";
import { repository } from "./testing/repository.ts";

const CONFIG = { "microvm.config.ts": "export default {};" };

/** Resolves with a store of the test's own; `said` is what was told meanwhile. */
function resolver(t: TestContext) {
  const storeDirectory = join(temporaryDirectory(t), "store");
  const said: string[] = [];
  const resolve = (text: string, pinned?: PinnedReference) =>
    resolveReference(text, {
      storeDirectory,
      pinned,
      onProgress: (step) => said.push(step),
      onWarning: (warning) => said.push(warning),
    });
  return { resolve, said, storeDirectory };
}

async function faultOf(work: Promise<unknown>): Promise<MicrovmError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MicrovmError, `not refused as it should be: ${error}`);
  return error;
}

test("a commit becomes a tree in the store, told by its rev, its time and what the project is told of itself", async (t) => {
  const { reference, path, commit } = repository(t);
  const rev = commit({ ...CONFIG, "lib/a.ts": "a" });
  const { resolve, said, storeDirectory } = resolver(t);
  const found = await resolve(`${reference}#web`);
  assert.match(found.root, /\/[0-9a-z]{32}-source$/);
  assert.deepEqual(
    { ...found, fetched: undefined },
    {
      ...{ file: join(found.root, "microvm.config.ts"), directory: found.root, root: found.root },
      ...{ self: `${reference}?rev=${rev}`, name: "web", fetched: undefined },
    },
  );
  const { digest, ...pin } = found.fetched!.pin;
  assert.deepEqual([found.fetched!.reference, pin], [reference, { rev, lastModified: 1790000000 }]);
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(readFileSync(join(found.root, "lib/a.ts"), "utf8"), "a");
  assert.deepEqual(said, [`Fetching file://${path}`]);
  // Once it is there nothing is fetched, and with a pin nobody is asked: not even that it still exists.
  await resolve(reference);
  rmSync(path, { recursive: true });
  const pinned = await resolve(reference, found.fetched!.pin);
  assert.deepEqual(pinned.fetched, found.fetched);
  assert.equal((await resolve(`${reference}?rev=${rev}`)).root, found.root);
  assert.equal(said.length, 1);
  // A tree that was collected is made again from the mirror.
  rmSync(found.root, { recursive: true });
  rmSync(join(storeDirectory, storeNames.info), { recursive: true });
  assert.equal((await resolve(reference, found.fetched!.pin)).root, found.root);
  assert.equal(said.length, 1);
});

test("branches, tags, whole names and commits are found; of an update only what is new comes", async (t) => {
  const { reference, commit, git } = repository(t);
  const noise = Array.from({ length: 300_000 }, (_, at) => (Math.sin(at) * 1e9) | 0).join();
  const first = commit({ ...CONFIG, "large.txt": noise });
  git("tag", "light");
  git("tag", "--annotate", "--message=x", "v1");
  git("branch", "topic");
  git("update-ref", "refs/pull/1/head", first);
  const second = commit({ "small.txt": "b" });
  const { resolve, storeDirectory } = resolver(t);
  const revOf = async (query: string) => (await resolve(`${reference}${query}`)).fetched!.pin.rev;
  assert.equal(await revOf("?ref=v1"), first);
  const mirrors = join(storeDirectory, storeNames.repositories);
  const size = () =>
    readdirSync(mirrors, { recursive: true, encoding: "utf8" }).reduce(
      (sum, name) => sum + statSync(join(mirrors, name)).size,
      0,
    );
  const before = size();
  assert.ok(before > 500_000, `${before}`);
  assert.equal(await revOf(""), second);
  assert.ok(size() - before < 50_000, `${size() - before}`);
  for (const ref of ["light", "topic", "refs/heads/topic", "refs/tags/v1", "refs/pull/1/head"]) {
    assert.equal(await revOf(`?ref=${ref}`), first, ref);
  }
  assert.equal(await revOf("?ref=main"), second);
  assert.equal(await revOf(`?rev=${first}`), first);
});

test("a commit that is on no tip is found in the history", async (t) => {
  const { reference, commit, git } = repository(t);
  const first = commit(CONFIG);
  commit({ more: "" });
  git("config", "uploadpack.allowAnySHA1InWant", "false");
  const { resolve } = resolver(t);
  assert.equal((await resolve(`${reference}?rev=${first}`)).fetched!.pin.rev, first);
});

test("a server of plain files, which knows nothing of single commits, is fetched from too", async (t) => {
  const { path, commit, git } = repository(t);
  const first = commit(CONFIG);
  const second = commit({ more: "" });
  git("update-server-info");
  const server = createServer((request, response) => {
    const file = join(path, ".git", new URL(request.url!, "http://x").pathname.replace(/^\/r/, ""));
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    return response.end(readFileSync(file));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { resolve } = resolver(t);
  const reference = `git+http://127.0.0.1:${port}/r`;
  assert.equal((await resolve(reference)).fetched!.pin.rev, second);
  assert.equal((await resolve(`${reference}?rev=${first}`)).fetched!.pin.rev, first);
  const { code, message } = await faultOf(resolve(`git+http://127.0.0.1:${port}/none`));
  assert.equal(code, "reference-not-found");
  assert.match(message, /^There is no git repository at "http:\/\/127.0.0.1:\d+\/none"/);
});

test("a repository with SHA-256 hashes is fetched too", async (t) => {
  const { reference, commit } = repository(t, "--object-format=sha256");
  const rev = commit(CONFIG);
  assert.equal(rev.length, 64);
  const { resolve } = resolver(t);
  assert.equal((await resolve(reference)).fetched!.pin.rev, rev);
});

test("attributes of a repository change no byte, and its filters and hooks do not run", async (t) => {
  const { reference, path, commit, git } = repository(t);
  const trace = join(path, "../trace");
  for (const what of ["clean", "smudge", "process"])
    git("config", `filter.x.${what}`, `echo ${what} >>${trace}; cat`);
  writeFileSync(join(path, ".git/hooks/post-checkout"), `#!/bin/sh\necho hook >>${trace}\n`);
  chmodSync(join(path, ".git/hooks/post-checkout"), 0o755);
  const files = {
    ...CONFIG,
    "text.txt": "$Format:%H$ $Id$\nline\n",
    "run.sh": "#!/bin/sh\n",
    "not-exported": "x",
  };
  commit(files);
  rmSync(trace, { force: true });
  git("config", "core.fileMode", "true");
  chmodSync(join(path, "run.sh"), 0o755);
  const before = commit({});
  const attributes = "* filter=x eol=crlf ident export-subst\nnot-exported export-ignore\n";
  writeFileSync(join(path, ".gitattributes"), attributes);
  git("-c", "filter.x.clean=", "-c", "filter.x.process=", "add", ".gitattributes");
  git("commit", "--quiet", "--message=attributes");
  const after = git("rev-parse", "HEAD");
  rmSync(trace, { force: true });
  const { resolve } = resolver(t);
  for (const rev of [before, after]) {
    const { root } = await resolve(`${reference}?rev=${rev}`);
    assert.equal(readFileSync(join(root, "text.txt"), "utf8"), files["text.txt"]);
    assert.equal(readFileSync(join(root, "not-exported"), "utf8"), "x");
    assert.equal(statSync(join(root, "run.sh")).mode & 0o777, 0o555);
    assert.equal(statSync(join(root, "text.txt")).mode & 0o777, 0o444);
  }
  assert.throws(() => statSync(trace), { code: "ENOENT" });
});

test("links inside a tree become copies, and one that leads out is refused", async (t) => {
  const { reference, path, commit } = repository(t);
  mkdirSync(join(path, "hosts/a"), { recursive: true });
  symlinkSync("../../lib", join(path, "hosts/a/lib"));
  const first = commit({ "lib/b": "b", "hosts/a/microvm.config.ts": "" });
  const { resolve } = resolver(t);
  const found = await resolve(`${reference}?dir=hosts/a`);
  assert.equal(found.directory, join(found.root, "hosts/a"));
  assert.ok(lstatSync(join(found.directory, "lib")).isDirectory());
  assert.equal(readFileSync(join(found.directory, "lib/b"), "utf8"), "b");
  assert.equal(found.self, `${reference}?dir=hosts/a&rev=${first}`);
  symlinkSync("/etc/passwd", join(path, "lib/secret"));
  commit({});
  const { code, message } = await faultOf(resolve(`${reference}?dir=hosts/a`));
  assert.equal(code, "reference-not-found");
  assert.equal(message, 'The link "lib/secret" leads out of the tree, to "/etc/passwd"');
});

test("a work tree that was changed is taken as it is, with a warning; one with nothing but new files is not", async (t) => {
  const { reference, path, commit, write } = repository(t);
  write(CONFIG);
  const { resolve, said } = resolver(t);
  assert.equal((await resolve(reference)).root, path);
  assert.deepEqual(said.splice(0), [`"${path}" has no commit yet: it is taken as it is`]);
  const rev = commit({});
  write({ "new.txt": "" });
  assert.equal((await resolve(reference)).fetched?.pin.rev, rev);
  said.splice(0);
  write({ "microvm.config.ts": "export default { microvms: {} };" });
  const found = await resolve(`${reference}#web`);
  assert.deepEqual(found, {
    ...{ file: join(path, "microvm.config.ts"), directory: path, root: path },
    ...{ self: `path:${path}`, name: "web" },
  });
  assert.deepEqual(said, [`"${path}" has changes that are not committed: it is taken as it is`]);
  assert.equal((await resolve(`${reference}?ref=main`)).fetched?.pin.rev, rev);
  assert.deepEqual(await checkReference(reference, rev), { rev: undefined, isOutdated: undefined });
});

test("whether a reference is outdated is asked without fetching", async (t) => {
  const { reference, commit } = repository(t);
  const first = commit(CONFIG);
  assert.deepEqual(await checkReference(reference, first), { rev: first, isOutdated: false });
  const second = commit({ more: "" });
  assert.deepEqual(await checkReference(reference, first), { rev: second, isOutdated: true });
  assert.deepEqual(await checkReference(`${reference}?rev=${first}`, first), {
    rev: first,
    isOutdated: false,
  });
  assert.deepEqual(await checkReference("path:/anywhere", first), { rev: undefined, isOutdated: undefined });
});

test("what is not there is said, with what is near", async (t) => {
  const { reference, path, commit, git } = repository(t);
  commit({ "hosts/alpha/microvm.config.ts": "", "README.md": "" });
  git("tag", "v1.0");
  const { resolve } = resolver(t);
  const gone = "1".repeat(40);
  const url = `file://${path}`;
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      "?ref=mian",
      "reference-not-found",
      `The repository "${url}" has no branch or tag "mian"; did you mean "main"`,
      `See what it has: git ls-remote ${url}`,
    ],
    [
      "?ref=v1.1",
      "reference-not-found",
      `The repository "${url}" has no branch or tag "v1.1"; did you mean "v1.0"`,
      `See what it has: git ls-remote ${url}`,
    ],
    [
      `?rev=${gone}`,
      "reference-not-found",
      `The repository "${url}" has no commit "${gone}"`,
      "Check the hash; a commit that is on no branch and no tag needs its ?ref=refs/… beside it",
    ],
    [
      "?dir=hosts/alhpa",
      "reference-not-found",
      `There is no directory "hosts/alhpa" in "${reference}?dir=hosts/alhpa"; did you mean "hosts/alpha"`,
      'It has projects in "hosts/alpha": choose one with ?dir=',
    ],
    [
      "?dir=README.md",
      "reference-not-found",
      `There is no directory "README.md" in "${reference}?dir=README.md"`,
      'It has projects in "hosts/alpha": choose one with ?dir=',
    ],
    [
      "",
      "config-not-found",
      `There is no microvm.config.ts in "${reference}"`,
      'It has projects in "hosts/alpha": choose one with ?dir=',
    ],
  ];
  for (const [query, code, message, hint] of cases) {
    const fault = await faultOf(resolve(`${reference}${query}`));
    assert.deepEqual([fault.code, fault.message, fault.hint], [code, message, hint]);
  }
});

test("no repository, a part of one, one without commits and a server that is not there are told apart", async (t) => {
  const { reference, path, write } = repository(t);
  const { resolve } = resolver(t);
  const plain = temporaryDirectory(t);
  const none = await faultOf(resolve(`git+file://${plain}`));
  assert.equal(none.code, "reference-not-found");
  assert.match(none.message, new RegExp(`^There is no git repository at "file://${plain}"; git said:\n`));
  assert.equal(none.hint, "For a directory without git, name it by its path");
  const missing = await faultOf(resolve("git+file:///no/such/place"));
  assert.match(missing.message, /^There is no git repository at "file:\/\/\/no\/such\/place"/);
  write({ "inner/microvm.config.ts": "" });
  const part = await faultOf(resolve(`${reference}/inner`));
  assert.equal(part.message, `"${path}/inner" is a directory of a git repository, not the repository`);
  assert.equal(part.hint, `Write ${reference}?dir=inner`);
  const empty = await faultOf(resolve(`git+file://${path}/.git`));
  assert.equal(empty.message, `The repository "file://${path}/.git" has no commit that its HEAD names`);
  // Port 1 of the loopback address: nobody listens.
  for (const url of ["http://127.0.0.1:1/r", "ssh://git@127.0.0.1:1/r"]) {
    const fault = await faultOf(resolve(`git+${url}`));
    assert.equal(fault.code, "repository-unreachable");
    assert.match(
      fault.message,
      new RegExp(`^Cannot read "${url}"; git said:\n[^]*(?:Connection refused|connect to)`),
    );
    assert.equal(fault.hint, `Check the network, the address and your rights: git ls-remote ${url}`);
  }
});

test("a tree that is not the pinned one is refused", async (t) => {
  const { reference, commit } = repository(t);
  const rev = commit(CONFIG);
  const { resolve } = resolver(t);
  const { pin } = (await resolve(reference)).fetched!;
  const fault = await faultOf(resolve(reference, { rev, digest: "0".repeat(64) }));
  assert.equal(fault.code, "checksum-mismatch");
  assert.equal(
    fault.message,
    `The tree of "${reference}" at "${rev}" has the digest "${pin.digest}", and the lock says "${"0".repeat(64)}"`,
  );
  assert.equal(fault.hint, `If that is meant, take it: microvm lock --update '${reference}'`);
});

test("a fetch that was cut off is begun anew, and several at once are one", async (t) => {
  const { reference, commit } = repository(t);
  commit(CONFIG);
  const { resolve, said, storeDirectory } = resolver(t);
  await resolve(reference);
  const [mirror] = readdirSync(join(storeDirectory, storeNames.repositories));
  const place = join(storeDirectory, storeNames.repositories, mirror!);
  // What git leaves behind when it is killed.
  for (const name of ["unfinished", "shallow.lock"]) writeFileSync(join(place, name), "");
  const second = commit({ more: "" });
  said.splice(0);
  const all = await Promise.all([1, 2, 3].map(() => resolve(reference)));
  assert.deepEqual(new Set(all.map(({ fetched }) => fetched!.pin.rev)), new Set([second]));
  assert.equal(said.length, 1);
  assert.ok(!existsSync(join(place, "unfinished")));
});

test("a repository of another user is refused, with the way to trust it", {
  skip: process.getuid?.() === 0 ? false : "needs root to give it away",
}, async (t) => {
  const { reference, path, commit } = repository(t);
  commit(CONFIG);
  spawnSync("chown", ["-R", "12345:12345", path]);
  const { resolve } = resolver(t);
  for (const query of ["", "?ref=main"]) {
    const { code, message, hint } = await faultOf(resolve(`${reference}${query}`));
    assert.equal(code, "permission-denied");
    assert.equal(message, `Cannot read "file://${path}": it belongs to another user`);
    assert.equal(hint, `Let git trust it: git config --global --add safe.directory ${path}`);
  }
});

test("nothing of git's environment and configuration changes a command or starts a program", async (t) => {
  const { reference, commit } = repository(t);
  const rev = commit(CONFIG);
  const directory = temporaryDirectory(t);
  const trace = join(directory, "trace");
  const configuration = join(directory, "gitconfig");
  writeFileSync(
    configuration,
    `[url "ext::sh -c touch% ${trace}% "]
      insteadOf = https://elsewhere.example/
    [core]
      hooksPath = ${directory}
      fsmonitor = "touch ${trace}"
    `,
  );
  writeFileSync(join(directory, "reference-transaction"), `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
  const hostile = {
    GIT_DIR: "/nonexistent",
    GIT_OBJECT_DIRECTORY: "/nonexistent",
    GIT_CONFIG_PARAMETERS: "'core.sshCommand=touch'",
    GIT_ALLOW_PROTOCOL: "ext:file",
    GIT_CONFIG_GLOBAL: configuration,
  };
  const before = { ...process.env };
  Object.assign(process.env, hostile);
  t.after(() => {
    for (const name of Object.keys(hostile)) delete process.env[name];
    Object.assign(process.env, before);
  });
  const { resolve } = resolver(t);
  assert.equal((await resolve(reference)).fetched!.pin.rev, rev);
  const { code, message } = await faultOf(resolve("git+https://elsewhere.example/r"));
  assert.equal(code, "repository-unreachable");
  assert.match(message, /transport 'ext' not allowed/);
  assert.ok(!existsSync(trace));
});

test("a host without git is told to install it", async (t) => {
  const { reference, commit } = repository(t);
  commit(CONFIG);
  const { resolve } = resolver(t);
  const { PATH } = process.env;
  const directory = temporaryDirectory(t);
  for (const program of ["setpriv", "flock", "sh", "cat"])
    symlinkSync(`/usr/bin/${program}`, join(directory, program));
  process.env.PATH = directory;
  try {
    const fault = await faultOf(resolve(reference));
    assert.equal(fault.code, "tool-missing");
    assert.equal(fault.message, 'Cannot fetch a project: "git" is not on PATH');
    assert.equal(
      fault.hint,
      'Install the package "git", or name a project that is on this machine by its path',
    );
  } finally {
    process.env.PATH = PATH;
  }
});
