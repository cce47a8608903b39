/** A guest in the foreground, on a terminal: its console, its forwarded port, and how it is left. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { onTerminal } from "./on-terminal.ts";
import { freePort, guestProject, microvm, STORE_SHARE } from "./support.ts";

const port = await freePort();
const directory = guestProject(`
  microvm: {
    vcpu: 1,
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

test("on a terminal keys reach the guest's shell, a forwarded port answers, and Ctrl-] three times powers it off", async () => {
  let answer = "";
  let second: Awaited<ReturnType<typeof microvm>> | undefined;
  const screen = await onTerminal(
    ["run", directory],
    [
      [/root@guest/, "echo $((6 * 7)) from $(hostname)\r"],
      [
        /42 from guest/,
        async () => {
          answer = await page();
          second = await microvm(["run", directory, "--exec", "true"]);
          return "\x1d\x1d\x1d";
        },
      ],
    ],
  );
  assert.match(screen, /reboot: Power down[\s\S]*code 0\s/);
  assert.equal(answer, "a page\n");
  assert.equal(second?.code, 1);
  assert.match(second.stderr, /^error: "guest" of this project runs already$/m);
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
