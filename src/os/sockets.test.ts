import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readlinkSync, renameSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { connectUnix } from "./sockets.ts";
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

/** Where a link leads; nowhere when it is gone by now. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
