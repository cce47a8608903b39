/** Commands on projects that are fetched from repositories. */
import assert from "node:assert/strict";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { microvm as program } from "../../src/cli/testing/program.ts";
import { repository } from "../../src/config/references/testing/repository.ts";
import { temporaryDirectory } from "../../src/os/testing/temporary-directory.ts";

/** The program with a store of the test's own. */
function setting(t: TestContext) {
  const store = join(temporaryDirectory(t), "store");
  return (...args: string[]) => program(args, { env: { MICROVM_STORE: store } });
}

const PROJECT = `
  import { text } from "../shared/text.ts";
  export default {
    hosts: {
      default: ({ self }) => ({
        microvm: { vms: {
          web: { config: { environment: { etc: { self: { text: self }, shared: { text } } } } },
          other: { flake: self },
        } },
      }),
    },
  };`;

test("a fetched project is evaluated in its tree, and is told its own commit", async (t) => {
  const { reference, path, commit } = repository(t);
  const rev = commit({
    "hosts/microvm.config.ts": PROJECT,
    "shared/text.ts": 'export const text = "shared";',
  });
  const microvm = setting(t);
  const { status, stdout, stderr } = await microvm("eval", `${reference}?dir=hosts&ref=main#web`, "--json");
  assert.equal(status, 0, stderr);
  assert.equal(stderr, `Fetching file://${path}\n`);
  const { etc } = JSON.parse(stdout).config.environment;
  assert.equal(etc.shared.text, "shared");
  assert.equal(etc.self.text, `${reference}?dir=hosts&ref=main&rev=${rev}`);

  const near = await microvm("eval", `${reference}?dir=hosts#wbe`);
  assert.equal(near.status, 1);
  assert.match(near.stderr, /^error: The project defines no VM "wbe"; did you mean "web"\nhint: /m);
});

test("a fetched project reads nothing outside of its tree, whatever it does", async (t) => {
  const secret = join(temporaryDirectory(t), "secret.ts");
  writeFileSync(secret, 'export default "leaked";');
  const { path, commit, reference } = repository(t);
  commit({
    "import.ts": `import leaked from ${JSON.stringify(secret)}; export default { leaked };`,
    "read.ts": `import { readFileSync } from "node:fs"; readFileSync(${JSON.stringify(secret)}); export default {};`,
    "up.ts": `import "../../../../../../../../../..${secret}"; export default {};`,
    // For the kernel that would be five directories above "top", for the permission model "a" of the tree.
    "around.ts": `
      import { readFileSync } from "node:fs";
      readFileSync(import.meta.dirname + "/a/b/c/d/e/link/../../../../..${secret}"); export default {};`,
    ...{ "a/b/c/d/e/x": "", "top/x": "" },
  });
  symlinkSync("../../../../../top", join(path, "a/b/c/d/e/link"));
  const microvm = setting(t);
  for (const name of ["import", "read", "up", "around"]) {
    commit({ "microvm.config.ts": readFileSync(join(path, `${name}.ts`), "utf8") });
    const { status, stdout, stderr } = await microvm("eval", `${reference}?ref=main`);
    assert.equal(status, 1, name);
    assert.equal(stdout, "");
    const denied = /^error: ".*" tried to read ".*", which a project file may not$/m;
    assert.match(stderr, name === "around" ? /^error: .* ENOENT: no such file or directory/m : denied, name);
    assert.doesNotMatch(stderr, /leaked/);
  }
});

test("lock pins the references that hosts name, and renews all or one of them", async (t) => {
  const [one, other] = [repository(t), repository(t)];
  const first = one.commit({ "microvm.config.ts": "" });
  const lone = other.commit({ "microvm.config.ts": "" });
  const directory = temporaryDirectory(t);
  const flakes = [`${one.reference}#web`, `${one.reference}#db`, other.reference, "path:/anywhere"];
  const vms = Object.fromEntries(flakes.map((flake, index) => [`vm${index}`, { flake }]));
  const declare = (declared: object) =>
    writeFileSync(
      join(directory, "microvm.config.ts"),
      `export default { hosts: { default: () => ({ microvm: { vms: ${JSON.stringify(declared)} } }) } };`,
    );
  declare(vms);
  const microvm = setting(t);
  const lock = async (...args: string[]) => {
    const { status, stdout, stderr } = await microvm("lock", directory, "--quiet", ...args);
    assert.deepEqual([status, stderr], [0, ""]);
    return stdout.trimEnd().split("\n");
  };
  const short = (rev: string) => rev.slice(0, 12);
  const others = [other.reference, lone] as const;
  const sorted = (...lines: string[]) => lines.sort();
  const line = (reference: string, what: string) => `${reference}: ${what}`;
  assert.deepEqual(await lock(), [
    ...sorted(line(one.reference, `locked, ${short(first)}`), line(others[0], `locked, ${short(others[1])}`)),
    "Wrote microvm.lock",
  ]);
  const second = one.commit({ more: "" });
  const unchanged = line(others[0], `unchanged, ${short(lone)}`);
  assert.deepEqual(await lock(), [
    ...sorted(line(one.reference, `unchanged, ${short(first)}`), unchanged),
    "microvm.lock is up to date",
  ]);
  const updated = sorted(line(one.reference, `updated, ${short(first)} -> ${short(second)}`), unchanged);
  assert.deepEqual(await lock("--update", "--dry-run"), [...updated, "Would write microvm.lock"]);
  assert.deepEqual(await lock(`--update=${one.reference}#web`), [...updated, "Wrote microvm.lock"]);
  assert.equal(
    JSON.parse(readFileSync(join(directory, "microvm.lock"), "utf8")).references[one.reference].rev,
    second,
  );
  declare({ lone: { flake: other.reference } });
  const { references } = JSON.parse((await lock("--update", "--json")).join("\n"));
  assert.deepEqual(references, [{ reference: others[0], status: "unchanged", rev: lone }]);
  assert.deepEqual(
    Object.keys(JSON.parse(readFileSync(join(directory, "microvm.lock"), "utf8")).references),
    [others[0]],
  );
});

test("a fetched project is not locked where it lies, and a newer lock in it is refused", async (t) => {
  const { reference, commit } = repository(t);
  commit({
    "microvm.config.ts": "export default { microvms: { web: { config: {} } } };",
    "microvm.lock": '{ "version": 9 }',
  });
  const microvm = setting(t);
  const lock = await microvm("lock", reference);
  assert.equal(lock.status, 2);
  assert.ok(
    lock.stderr.includes(`error: Cannot write a lock into "${reference}", which is fetched\n`),
    lock.stderr,
  );
  const dry = await microvm("lock", reference, "--dry-run");
  assert.match(
    dry.stderr,
    /^error: The lock file "\/.*-source\/microvm.lock" is of version 9, and this program knows versions up to 3$/m,
  );
});

test("references that cannot be used are wrong in one line", async (t) => {
  const microvm = setting(t);
  const cases = [
    [
      "github:owner/repo",
      'Cannot use the reference "github:owner/repo": references of the kind "github:" are not supported yet',
    ],
    [
      "git+https://h/r?ref=--upload-pack=x",
      'Cannot read the reference "git+https://h/r?ref=--upload-pack=x": its ref "--upload-pack=x" is not the name of a branch or tag',
    ],
    [
      "missing",
      `There is no project at "${import.meta.dirname.replace(/test\/cli$/, "src/cli/testing")}/missing": no such file or directory`,
    ],
  ];
  for (const [reference, message] of cases) {
    const { status, stderr } = await microvm("eval", reference!);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^error: ${message!.replace(/[.?+^$()[\]\\]/g, "\\$&")}$`, "m"));
  }
});
