/**
 * A guest in the foreground, on a terminal: its console, its stages, its forwarded port, other terminals, and how it is
 * left. One boot for all.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectUnix } from "../src/os/sockets.ts";
import { onTerminal } from "./on-terminal.ts";
import { environment, freePort, guestProject, microvm } from "./support.ts";

const port = await freePort();
const directory = guestProject(`
  microvm: {
    vcpu: 1,
    writableStoreOverlay: true,
    interfaces: [{ type: "user", id: "net0" }],
    forwardPorts: [{ host: { port: ${port} }, guest: { port: 80 } }],
  },
  networking: { firewall: { allowedTCPPorts: [80] } },
  environment: { files: { "/srv/www/index.html": { text: "a page\\n" } } },
  services: {
    getty: { autologinUser: "root" },
    nginx: { enable: true, virtualHosts: { localhost: { root: "/srv/www", default: true } } },
  },
`);

/** Ends when the guest is to be left. */
const left = Promise.withResolvers<void>();
/** What the terminal has shown in the end. */
let screen = Promise.resolve("");

before(async () => {
  const isUp = Promise.withResolvers<void>();
  screen = onTerminal(
    ["run", directory],
    [
      [/root@guest/, "echo $((6 * 7)) from $(hostname)\r"],
      [
        /42 from guest/,
        async () => {
          isUp.resolve();
          await left.promise;
          return "\x1d\x1d\x1d";
        },
      ],
    ],
  );
  await Promise.race([isUp.promise, screen]);
});
after(() => left.resolve());

const guest = (...command: string[]) => microvm(["exec", "guest", "--", ...command]);

test("the guest tells its stages", async () => {
  const run = join(environment().MICROVM_STATE_DIR!, ".run");
  const socket = await connectUnix(join(run, readdirSync(run)[0]!, "guest.ready.sock"));
  let told = "";
  socket.on("data", (chunk) => {
    told += chunk;
  });
  await guest("sh", "-c", "for s in basic agent multi-user; do systemctl restart microvm-stage-$s; done");
  for (let tries = 0; told.trim().split("\n").length < 3 && tries < 100; tries++) await delay(100);
  socket.destroy();
  assert.deepEqual(told.trim().split("\n").sort(), ["agent", "basic", "multi-user"]);
  assert.equal((await guest("systemctl", "is-system-running", "--wait")).stdout, "running\n");
});

test("two terminals at the console see the same, after what was printed before", async () => {
  const [first, second] = await Promise.all([
    onTerminal(
      ["console", "guest"],
      [
        [/leaves\./, "echo $((6 * 7)) seen\r"],
        [/also 43/, "\x1d\x1d\x1d"],
      ],
    ),
    onTerminal(
      ["console", "guest"],
      [
        [/42 seen/, "echo also $((6 * 7 + 1))\r"],
        [/also 43/, "\x1d\x1d\x1d"],
      ],
    ),
  ]);
  for (const screen of [first, second]) assert.match(screen, /Debian GNU\/Linux[\s\S]*42 seen[\s\S]*code 0/);
});

test("a forwarded port answers, and the guest is not run a second time", async () => {
  assert.equal(await page(), "a page\n");
  const second = await microvm(["run", directory, "--exec", "true"]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^error: "guest" of this project runs already$/m);
});

test("Ctrl-] three times powers it off", async () => {
  left.resolve();
  assert.match(await screen, /reboot: Power down[\s\S]*code 0\s/);
});

/** The page behind the forwarded port, as soon as the web server answers. */
async function page(): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      const signal = AbortSignal.timeout(2000);
      return await (await fetch(`http://127.0.0.1:${port}/`, { signal })).text();
    } catch (error) {
      if (tries > 100) throw error;
      await delay(100);
    }
  }
}
