import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { attachConsole, withoutOverlap } from "./console.ts";

/** A hypervisor's console that takes one client at a time, and terminals at it. */
async function consoleOf(test: TestContext) {
  const directory = temporaryDirectory(test);
  const places = {
    socket: join(directory, "console.sock"),
    hub: join(directory, "hub.sock"),
    lock: join(directory, "lock"),
  };
  let client: Socket | undefined;
  let keys = "";
  const server = createServer((socket) => {
    assert.equal(client, undefined, "a second client at the hypervisor's socket");
    client = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      keys += chunk;
    });
    socket.on("close", () => {
      client = undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(places.socket, resolve));
  const end = () => {
    client?.destroy();
    server.close();
  };
  test.after(end);
  return {
    print: (text: string | Buffer) => client?.write(text),
    keys: () => keys,
    isTaken: () => client !== undefined,
    end,
    attach() {
      const leave = new AbortController();
      test.after(() => leave.abort());
      let screen = "";
      const console = attachConsole(
        places,
        (chunk) => {
          screen += chunk;
        },
        leave.signal,
      );
      return { ...console, leave: () => leave.abort(), screen: () => screen };
    },
  };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 1000, what);
    await delay(5);
  }
}

test("all terminals see what the guest prints, all can type, and another takes over from the first", async (t) => {
  const guest = await consoleOf(t);
  const first = guest.attach();
  await until(guest.isTaken, "the first is attached");
  const second = guest.attach();
  const third = guest.attach();
  await until(() => {
    guest.print(".");
    return second.screen() !== "" && third.screen() !== "";
  }, "the others are attached");
  second.write(Buffer.from("from the second;"));
  first.write(Buffer.from("from the first;"));
  await until(() => /second;/.test(guest.keys()) && /first;/.test(guest.keys()), "keys of both");
  first.leave();
  await first.ended;
  await until(() => {
    guest.print("after");
    return second.screen().includes("after") && third.screen().includes("after");
  }, "the others go on");
  await until(() => {
    third.write(Buffer.from("x"));
    return guest.keys().includes("x");
  }, "and can type");
  guest.end();
  await Promise.all([second.ended, third.ended]);
});

test("a terminal that takes nothing of a flood is let go, and the others go on", {
  timeout: 30_000,
}, async (t) => {
  const guest = await consoleOf(t);
  const first = guest.attach();
  await until(guest.isTaken, "attached");
  const flood = Buffer.alloc(1024 * 1024, "x");
  for (let sent = 0; sent < 20; sent++) guest.print(flood);
  await until(() => first.screen().length >= 20 * flood.length, "everything arrives");
  first.leave();
  await first.ended;
});

test("a console that nobody offers has ended", async (t) => {
  const guest = await consoleOf(t);
  guest.end();
  await guest.attach().ended;
});

test("keys that come before the console is reached are sent once it is, in their order, and not without bound", async (t) => {
  const guest = await consoleOf(t);
  const terminal = guest.attach();
  assert.ok(!guest.isTaken());
  terminal.write(Buffer.from("early;"));
  terminal.write(Buffer.from("later;"));
  terminal.write(Buffer.alloc(64 * 1024, "x"));
  await until(() => guest.keys() !== "", "keys");
  terminal.write(Buffer.from("last;"));
  await until(() => guest.keys().endsWith("last;"), "the last key");
  assert.equal(guest.keys(), "early;later;last;");
});

test("what was printed since is not shown twice when the text before ends with it", () => {
  const shown = (earlier: string, printed: string) =>
    earlier + withoutOverlap(Buffer.from(earlier), Buffer.from(printed));
  assert.equal(shown("login: root", "root@guest"), "login: root@guest");
  assert.equal(shown("login: ", "root"), "login: root");
  assert.equal(shown("a b c", "c"), "a b c");
  assert.equal(shown("", "x"), "x");
  assert.equal(shown("x", ""), "x");
});

test("a terminal is told when nothing of the console is missed any more", async (t) => {
  const guest = await consoleOf(t);
  const first = guest.attach();
  await first.attached;
  const second = guest.attach();
  await second.attached;
  guest.print("both;");
  await until(() => first.screen() === "both;" && second.screen() === "both;", "both see it");
  guest.end();
  await guest.attach().attached;
});

test("a terminal may leave while the first one says nothing", { timeout: 30_000 }, async (t) => {
  const directory = temporaryDirectory(t);
  const hub = join(directory, "hub.sock");
  const silent = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => silent.listen(hub, resolve));
  t.after(() => silent.close());
  const places = { socket: join(directory, "console.sock"), hub, lock: join(directory, "lock") };
  const leave = new AbortController();
  const terminal = attachConsole(places, () => {}, leave.signal);
  await delay(100);
  leave.abort();
  await terminal.ended;
});
