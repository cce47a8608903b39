/** A running VM: its console, its stages, a guest that hangs, and a hypervisor that is killed. One boot for all. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectUnix } from "../src/os/sockets.ts";
import { onTerminal } from "./on-terminal.ts";
import { environment, guestProject, microvm, STORE_SHARE, startMicrovm } from "./support.ts";

const directory = guestProject(`
  microvm: { vcpu: 1, ${STORE_SHARE} },
  services: { getty: { autologinUser: "root" } },
`);
const vm = startMicrovm(["run", directory]);
await vm.until(/root@guest/);

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

/** The hypervisor among the program's own children. */
function hypervisorOf(program: number): number {
  const children = readFileSync(`/proc/${program}/task/${program}/children`, "utf8")
    .trim()
    .split(" ")
    .map(Number);
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("guest.agent.sock"),
  );
  assert.ok(found, "the hypervisor runs");
  return found;
}

test("a guest that does not answer is said, and one whose hypervisor is killed ends what goes on", async () => {
  const pid = hypervisorOf(vm.child.pid!);
  process.kill(pid, "SIGSTOP");
  const silent = await guest("true");
  assert.equal(silent.code, 1);
  assert.match(
    silent.stderr,
    /^error: The guest of "guest" does not answer: its agent said nothing for 10 seconds\n/,
  );
  process.kill(pid, "SIGCONT");
  const running = startMicrovm(["exec", "guest", "--", "sh", "-c", "echo begun; sleep 300"]);
  const terminal = onTerminal(["exec", "-it", "guest", "--", "sh"], [[/# /, "sleep 300\r"]]);
  const console = startMicrovm(["console", "guest"]);
  await running.until(/begun/);
  await delay(2000);
  process.kill(pid, "SIGKILL");
  assert.equal(await running.exited, 1);
  assert.match(running.output(), /error: The VM "guest" has ended meanwhile\n/);
  assert.match(await terminal, /has ended meanwhile[\s\S]*code 1\s[\s\S]* icanon/);
  await console.exited;
  assert.match(console.output(), /The VM "guest" has ended\.\n$/);
  assert.notEqual(await vm.exited, 0);
  const gone = await guest("true");
  assert.match(
    gone.stderr,
    /^error: The VM "guest" is not running\nhint: Start it with "microvm run" in its project\n$/,
  );
});
