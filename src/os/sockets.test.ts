import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readlinkSync, renameSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { ended, spawn } from "./processes.ts";
import { canConnect, connectUnix } from "./sockets.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

test("a socket is reached however long its path is, and nothing stays open", async (t) => {
  const top = temporaryDirectory(t);
  const deep = join(top, ...Array.from({ length: 10 }, () => "a-directory-name"));
  mkdirSync(deep, { recursive: true });
  const server = createServer((socket) => socket.end("hello"));
  await new Promise<void>((resolve) => server.listen(join(top, "s"), resolve));
  t.after(() => server.close());
  renameSync(join(top, "s"), join(deep, "s"));
  assert.ok(join(deep, "s").length > 108);
  assert.equal(await text(await connectUnix(join(deep, "s"))), "hello");
  await assert.rejects(connectUnix(join(deep, "other")), { code: "ENOENT" });
  const open = readdirSync("/proc/self/fd").map((fd) => targetOf(`/proc/self/fd/${fd}`));
  assert.ok(!open.includes(deep));
});

test("a listener that lets nobody else wait in line is there all the same", async (t) => {
  const path = join(temporaryDirectory(t), "s");
  // Accepts nobody: it sleeps as soon as it listens.
  const listener = `require("net").createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
    require("fs").writeSync(1, "listens");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ["-e", listener, path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    child.kill("SIGKILL");
    await ended(child);
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const waiting = [await connectUnix(path), await connectUnix(path)];
  await assert.rejects(connectUnix(path), { code: "EAGAIN" });
  assert.ok(await canConnect(path));
  for (const socket of waiting) socket.destroy();
});

/** Where a link leads; nowhere when it is gone by now. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
