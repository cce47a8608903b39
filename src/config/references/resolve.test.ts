import assert from "node:assert/strict";
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
import { test } from "node:test";
import { storeNames } from "../../paths.ts";
import { checkReference } from "./resolve.ts";
import { repository } from "./testing/repository.ts";
import { CONFIG, faultOf, resolver } from "./testing/resolver.ts";

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
