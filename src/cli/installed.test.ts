import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { hasSystemd } from "../host/systemd.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { microvm } from "./testing/program.ts";

const skip = process.getuid?.() === 0 ? false : "needs root";

/** Runs the program on a state directory with these VMs: names with what their `flake` says. */
function machine(t: TestContext, vms: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory(t);
  const places = Object.fromEntries(
    ["STORE", "STATE_DIR", "CONFIG_DIR"].map((name) => [`MICROVM_${name}`, join(directory, name)]),
  );
  const state = join(directory, "STATE_DIR");
  const runner = join(directory, "STORE/0123456789abcdfghijklmnpqrsvwxyz-microvm-qemu-web");
  mkdirSync(join(runner, "bin"), { recursive: true });
  writeFileSync(join(runner, "bin/microvm-run"), "");
  for (const [name, flake] of Object.entries(vms)) {
    mkdirSync(join(state, name), { recursive: true });
    symlinkSync(runner, join(state, name, "current"));
    writeFileSync(join(state, name, "flake"), `${flake}\n`);
  }
  const run = (...args: string[]) => microvm(args, { env: places, cwd: directory });
  return { run, state, directory };
}

const failure = (message: string, hint: string, status = 1) => ({
  status,
  stdout: "",
  stderr: `error: ${message}\nhint: ${hint}\n`,
});

describe("commands on installed VMs", { concurrency: 3 }, () => {
  test("name what is near when there is no such VM, and what there is", { skip }, async (t) => {
    const { run, state } = machine(t, { web: "path:/srv", database: "path:/srv" });
    const hint = 'There are "database", "web"';
    for (const command of ["start", "stop", "restart", "status", "logs", "update", "diff", "remove"]) {
      assert.deepEqual(
        await run(command, "databse"),
        failure(`There is no VM "databse" in "${state}"; did you mean "database"`, hint),
      );
    }
    assert.deepEqual(await run("-r", "zzz"), failure(`There is no VM "zzz" in "${state}"`, hint));
    assert.deepEqual(await run("-u", "web", "zzz"), failure(`There is no VM "zzz" in "${state}"`, hint));
  });

  test("need a name, and one that can be one", { skip }, async (t) => {
    const { run } = machine(t, {});
    const hint = (command: string) => `See "microvm ${command} --help"`;
    for (const command of ["start", "update", "remove", "logs", "diff"]) {
      assert.deepEqual(await run(command), failure(`"${command}" needs the name of a VM`, hint(command), 2));
    }
    assert.deepEqual(await run("create"), failure('"create" needs a name', hint("create"), 2));
    assert.deepEqual(
      await run("create", "a", "b"),
      failure('"create" takes one name, not "a" and "b"', hint("create"), 2),
    );
    for (const name of ["../web", "a b", "web\\x2d1"]) {
      for (const command of ["create", "remove", "start"]) {
        const { status, stderr } = await run(command, name);
        assert.equal(status, 2);
        assert.match(stderr, /^error: "[^\n]+" cannot be a VM's name: it has a /);
      }
    }
  });

  test("refuse a name that is taken before anything is evaluated", { skip }, async (t) => {
    const { run, state } = machine(t, { web: "path:/srv" });
    assert.deepEqual(
      await run("-c", "web", "-f", "/no/such/project"),
      failure(
        `There is a VM "web" already: "${join(state, "web")}"`,
        'Take what its reference has now with "microvm update web", or remove it with "microvm remove web"',
      ),
    );
  });

  test("say what a reference to nothing is, and change nothing", { skip }, async (t) => {
    const { run, state, directory } = machine(t, { web: "path:/no/such/place", odd: "github:a/b" });
    const { status, stderr } = await run("update", "web", "--quiet");
    assert.equal(status, 1);
    assert.match(stderr, /^error: There is no project at "\/no\/such\/place": no such file or directory\n/);
    const list = await run("list", "--check");
    assert.equal(list.status, 1);
    assert.match(
      list.stdout,
      /^odd: current\(01234567\)(, not booted)?, not checked \(.*\): microvm start odd$/m,
    );
    assert.match(
      list.stdout,
      /^web: current\(01234567\)(, not booted)?, not checked \(There is no project at /m,
    );
    assert.equal(readFileSync(join(state, "web/flake"), "utf8"), "path:/no/such/place\n");
    writeFileSync(
      join(directory, "microvm.config.ts"),
      "export default { microvms: { one: { config: {} } } };",
    );
    writeFileSync(join(state, "web/flake"), `path:${directory}\n`);
    const missing = await run("update", "web", "--quiet");
    assert.match(
      missing.stderr,
      /^error: In "web": The project defines no VM "web"\nhint: Choose one with #NAME: "one"\n$/,
    );
  });

  test("without systemd say so", { skip: skip || (hasSystemd() && "systemd runs here") }, async (t) => {
    const { run } = machine(t, { web: "path:/srv" });
    const foreground =
      'Without that, "microvm run" runs VMs in the foreground, and "microvm -r NAME" an installed one';
    for (const args of [
      ["start", "web"],
      ["stop", "web"],
      ["create", "db"],
      ["-Ru", "web"],
    ]) {
      assert.deepEqual(
        await run(...args),
        failure("This machine does not run systemd, which installed VMs need", foreground),
      );
    }
    assert.deepEqual(
      await run("logs", "web"),
      failure(
        "This machine does not run systemd, whose journal has the logs",
        'What "microvm run" started keeps its console in "console.log" of the VM\'s directory',
      ),
    );
    const { status, stdout } = await run("status");
    assert.deepEqual([status, stdout.split("\n")[1]], [0, "  state     systemd does not tell"]);
  });

  test("list as objects, and by names alone", async (t) => {
    const { run } = machine(t, { web: "path:/srv", db: "path:/srv" });
    assert.equal((await run("list", "--names")).stdout, "db\nweb\n");
    const [db] = JSON.parse((await run("list", "--json")).stdout);
    assert.deepEqual([db.name, db.kind, db.state, db.mend], ["db", "flake", "current", "microvm start db"]);
    assert.equal((await run("-l")).stdout, (await run("list")).stdout);
    assert.deepEqual(
      await run("list", "web"),
      failure('"list" takes no "web"', 'See "microvm list --help"', 2),
    );
  });

  test("are forgotten with what is not theirs kept", {
    skip: skip || (hasSystemd() && "asks this machine's systemd"),
  }, async (t) => {
    const { run, state } = machine(t, { web: "path:/srv" });
    writeFileSync(join(state, "web/data.img"), "volume");
    const left = await run("remove", "web");
    assert.deepEqual(left, {
      status: 0,
      stdout: `Removed "web"\nLeft: ${join(state, "web/data.img")}\n`,
      stderr: "",
    });
    assert.equal(
      (await run("list")).stdout,
      "web: broken, its directory has no runner: microvm remove web\n",
    );
    assert.equal((await run("remove", "web", "--purge", "--quiet")).status, 0);
    assert.equal((await run("list")).stdout, "");
  });
});

describe("a first project", () => {
  test("is written, evaluates, and is never written over", async (t) => {
    const { run, directory } = machine(t, {});
    assert.deepEqual(await run("init", "first"), {
      status: 0,
      stdout: "Wrote first/microvm.config.ts\nTry it: microvm run first\n",
      stderr: "",
    });
    const { status, stdout, stderr } = await run("eval", "first", "--all", "--json");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.deepEqual(JSON.parse(stdout).hosts[0].vms[0].config.networking.hostName, "my-vm");
    const file = join(directory, "first/microvm.config.ts");
    const before = readFileSync(file, "utf8");
    assert.deepEqual(
      await run("init", "first"),
      failure(
        'There is a project already: "first/microvm.config.ts"',
        "Change that, or name another directory",
        2,
      ),
    );
    assert.equal(readFileSync(file, "utf8"), before);
  });
});
