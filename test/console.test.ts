/** A guest in the foreground: its console, its forwarded port, and the ways to end it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ended, quoteCommand, spawn } from "../src/os/processes.ts";
import { environment, freePort, guestProject, microvm, ROOT, STORE_SHARE, startMicrovm } from "./support.ts";

const port = await freePort();
const directory = guestProject(`
  microvm: {
    vcpu: 2,
    ${STORE_SHARE},
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

test("without a terminal the console is printed, a forwarded port answers, and SIGTERM powers the guest off", async () => {
  const vm = startMicrovm(["run", directory]);
  await vm.until(/root@guest/);
  assert.equal(await page(), "a page\n");
  const second = await microvm(["run", directory, "--exec", "true"]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^error: "guest" of this project runs already$/m);
  vm.child.kill("SIGTERM");
  assert.equal(await vm.exited, 128 + 15);
  assert.match(vm.output(), /reboot: Power down/);
});

test("on a terminal keys reach the guest's shell, and Ctrl-] three times powers it off", async () => {
  const command = quoteCommand([process.execPath, `${ROOT}/bin/microvm.js`, "run", directory]);
  const terminal = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    env: { ...environment(), TERM: "dumb" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    screen += chunk;
  });
  try {
    await seen(/root@guest/, () => screen);
    terminal.stdin.write("echo $((6 * 7)) from $(hostname)\r");
    await seen(/42 from guest/, () => screen);
    terminal.stdin.write("\x1d\x1d\x1d");
    assert.equal(await ended(terminal), 0);
    assert.match(screen, /reboot: Power down/);
  } finally {
    terminal.kill("SIGKILL");
  }
});

async function seen(pattern: RegExp, screen: () => string): Promise<void> {
  for (let tries = 0; !pattern.test(screen()); tries++) {
    assert.ok(tries < 600, `${pattern} did not appear:\n${screen()}`);
    await delay(100);
  }
}

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
