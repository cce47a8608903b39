/** What goes wrong with references, and what others may want of git. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import { storeNames } from "../../paths.ts";
import { repository } from "./testing/repository.ts";
import { CONFIG, faultOf, resolver } from "./testing/resolver.ts";

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
  assert.equal(fault.hint, `If that is meant, take it: microvm lock --update ${reference}`);
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
