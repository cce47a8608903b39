import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lockFile } from "./locks.ts";
import { run } from "./processes.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

test("a lock that is held is not given to a second, and waited for when asked", async (t) => {
  const path = join(temporaryDirectory(t), "lock");
  const first = await lockFile(path);
  assert.equal(await lockFile(path, { wait: false }), undefined);
  let waited = false;
  const second = lockFile(path).then((lock) => {
    waited = true;
    return lock;
  });
  assert.equal(waited, false);
  await first.release();
  await (await second).release();
  assert.ok(existsSync(path));
  await using _ = (await lockFile(path, { wait: false }))!;
});

test("shared locks are held together, and exclude an exclusive one", async (t) => {
  const path = join(temporaryDirectory(t), "lock");
  await using _first = await lockFile(path, { shared: true });
  await using _second = (await lockFile(path, { shared: true, wait: false }))!;
  assert.equal(await lockFile(path, { wait: false }), undefined);
});

test("waiting ends with the signal's reason", async (t) => {
  const path = join(temporaryDirectory(t), "lock");
  await using _ = await lockFile(path);
  const controller = new AbortController();
  const waiting = lockFile(path, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, { message: "enough" });
  await assert.rejects(lockFile(path, { signal: controller.signal }), { message: "enough" });
});

test("a lock ends with the process that holds it, however that ends", async (t) => {
  const path = join(temporaryDirectory(t), "lock");
  const program = `
    const { lockFile } = await import(${JSON.stringify(new URL("./locks.ts", import.meta.url).href)});
    await lockFile(${JSON.stringify(path)});
    console.log("held");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  assert.equal(await lockFile(path, { wait: false }), undefined);
  child.kill("SIGKILL");
  await using lock = await lockFile(path, { signal: AbortSignal.timeout(5000) });
  assert.ok(lock);
});

test("what is no file is not followed, nor waited for", async (t) => {
  const directory = temporaryDirectory(t);
  const elsewhere = join(directory, "elsewhere");
  symlinkSync(elsewhere, join(directory, "link"));
  await run(["mkfifo", join(directory, "pipe")]);
  for (const name of ["link", "pipe"]) {
    const path = join(directory, name);
    await assert.rejects(lockFile(path), {
      code: "state-busy",
      message: `Cannot lock "${path}": it is no file`,
    });
  }
  assert.ok(!existsSync(elsewhere));
});

test("programs that are started while a lock is held do not hold it as well", async (t) => {
  const path = join(temporaryDirectory(t), "lock");
  const lock = await lockFile(path);
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await once(child, "spawn");
  await lock.release();
  await using _ = (await lockFile(path, { wait: false }))!;
  assert.ok(_);
});
