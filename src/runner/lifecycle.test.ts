import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, existsSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { qemu } from "../hypervisors/qemu.ts";
import { machine } from "../hypervisors/testing/machine.ts";
import { lint, missing, syntaxFaults } from "../os/testing/programs.ts";
import { aliveScript, readyScript, shutdownScript } from "./lifecycle.ts";
import { PRINT_ARGUMENTS, workplace } from "./testing/workplace.ts";

const TREE = {
  loader: "hash-tools/usr/lib/ld.so",
  libraries: "hash-tools/usr/lib/dir",
  file: "hash-tools/usr/bin/socat",
  name: "socat",
};

const SOCAT = { onPath: "socat" };

const scripts = {
  "microvm-shutdown": shutdownScript(machine(), qemu, TREE),
  "microvm-shutdown without agent": shutdownScript(machine({ agentSocket: null }), qemu, TREE),
  "microvm-shutdown without control": shutdownScript(machine({ controlSocket: null }), qemu, TREE),
  "microvm-shutdown without a socket": shutdownScript(
    machine({ controlSocket: null, agentSocket: null }),
    qemu,
    TREE,
  ),
  "microvm-ready": readyScript(machine(), TREE),
  "microvm-ready for a unit": readyScript(
    machine({ readiness: { stage: "it's@1.service", timeout: 5 } }),
    TREE,
  ),
  "microvm-alive": aliveScript(machine(), TREE),
  "microvm-alive without agent": aliveScript(machine({ agentSocket: null }), TREE),
};

for (const [name, text] of Object.entries(scripts)) {
  test(`${name} is POSIX shell`, () => assert.equal(syntaxFaults(text), ""));
  test(`${name} passes shellcheck`, { skip: missing("shellcheck") }, () => assert.equal(lint(text), ""));
}

/** A socat that notes its address and its lines in `calls`, and is `after` then. */
const noting = (after: string) => `for address; do :; done
{ echo "\${address%%,shut-none*}"; cat; } >"call.$$"
cat "call.$$" >>calls
rm -f "call.$$"
${after}`;

test("shutting down asks the agent, then the power button, by sockets whatever their names", async (t) => {
  const place = workplace(t);
  place.program("sleep", ":");
  place.program("socat", noting('[ "$(grep -c system_powerdown calls)" -lt 2 ]'));
  const odd = machine({ controlSocket: "it's, a:b.sock" });
  const text = shutdownScript(odd, qemu, SOCAT);
  assert.equal(place.run(place.script("microvm-shutdown", text)).status, 0);
  // The agent is asked beside.
  for (let tries = 0; !place.read("calls").includes("guest-shutdown") && tries < 500; tries++)
    await delay(10);
  const calls = place.read("calls");
  assert.match(calls, /^UNIX-CONNECT:it\\'s\\,\\ a\\:b\.sock\n\{"execute":"qmp_capabilities"\}\n/);
  assert.match(
    calls,
    /^UNIX-CONNECT:web\.agent\.sock\n\{"execute":"guest-exec",.*kill -s RTMIN\+4 1.*\n\{"execute":"guest-shutdown",.*"powerdown"/m,
  );
  assert.equal(calls.match(/system_powerdown/g)?.length, 2);
  assert.doesNotMatch(calls, /"quit"/);
});

test("a guest that does not obey is ended in the end", (t) => {
  const place = workplace(t);
  place.program("socat", noting("! grep -q quit calls"));
  const text = shutdownScript(machine({ agentSocket: null, shutdownTimeout: 10 }), qemu, SOCAT);
  assert.equal(place.run(place.script("microvm-shutdown", text)).status, 0);
  const calls = place.read("calls");
  assert.equal(calls.match(/system_powerdown/g)?.length, 3);
  assert.match(calls, /\{"execute":"quit"\}\n$/);
});

test("the connection is kept while the guest powers off", (t) => {
  const place = workplace(t);
  place.program("socat", `${PRINT_ARGUMENTS} >>args; cat >/dev/null; [ ! -s args ] || [ "$2" = 0 ]`);
  assert.equal(place.run(place.script("microvm-shutdown", shutdownScript(machine(), qemu, SOCAT))).status, 0);
  assert.match(
    place.read("args"),
    /-t\x005\x00STDIO\x00UNIX-CONNECT:web\.sock,shut-none,connect-timeout=1\x00/,
  );
});

test("that nobody can be asked is a failure", (t) => {
  const place = workplace(t);
  place.program("socat", "cat >/dev/null; echo 'no such socket' >&2; exit 1");
  const { status, stderr } = place.run(
    place.script("microvm-shutdown", shutdownScript(machine(), qemu, SOCAT)),
  );
  assert.deepEqual([status, stderr], [1, "no such socket\n"]);
});

test("without a control socket the agent is asked alone, for as long as the guest has", (t) => {
  const place = workplace(t);
  place.program("sleep", ":");
  place.program("socat", `${PRINT_ARGUMENTS} >args; cat >calls`);
  const odd = machine({ controlSocket: null, shutdownTimeout: 17 });
  assert.equal(place.run(place.script("microvm-shutdown", shutdownScript(odd, qemu, SOCAT))).status, 0);
  assert.match(
    place.read("args"),
    /^-t\x0017\x00STDIO\x00UNIX-CONNECT:web\.agent\.sock,shut-none,connect-timeout=1\x00$/,
  );
  assert.match(place.read("calls"), /^\{"execute":"guest-exec".*\n\{"execute":"guest-shutdown".*\n$/);
});

test("without any socket nobody can be asked to shut down", (t) => {
  const place = workplace(t);
  const { status, stderr } = place.run(
    place.script("microvm-shutdown", scripts["microvm-shutdown without a socket"]),
  );
  assert.equal(status, 1);
  assert.equal(stderr, "microvm-shutdown: web has neither a control socket nor an agent\n");
});

/** Runs microvm-ready beside a hypervisor that listens; `tell` is what the guest says next. Gives what systemd was told. */
async function ready(test: TestContext, readiness: { stage: string; timeout: number }) {
  const place = workplace(test);
  place.program("systemd-notify", 'echo "$*" >>told');
  // What comes is in the file "words", as a guest would say it.
  place.program("socat", 'echo "$*" >asked; for to; do :; done; exec tail -n +1 -f words >"./${to#CREATE:}"');
  writeFileSync(join(place.vm, "words"), "");
  const server = createServer().listen(join(place.vm, "web.ready.sock"));
  test.after(() => server.close());
  await once(server, "listening");
  const script = place.script("microvm-ready", readyScript(machine({ readiness }), SOCAT));
  // The turn to start.
  const turn = openSync(join(place.vm, "words"), "r");
  const stdio = [...Array.from({ length: 9 }, () => "ignore" as const), turn];
  const child = spawn(script, { cwd: place.vm, env: place.environment(), stdio });
  closeSync(turn);
  test.after(() => child.kill("SIGKILL"));
  const closed = once(child, "close");
  return {
    tell: (text: string) => appendFileSync(join(place.vm, "words"), text),
    asked: () => place.read("asked"),
    told: () => (existsSync(join(place.vm, "told")) ? place.read("told") : ""),
    closed,
    hasTurn: () => existsSync(`/proc/${child.pid}/fd/9`),
    server,
  };
}

test("systemd is told each stage, which gives more time, and that the guest is up", {
  timeout: 20_000,
}, async (t) => {
  const { tell, told, asked, hasTurn, closed } = await ready(t, { stage: "nginx.service", timeout: 9 });
  tell("basic\nnonsense\nbasic\n");
  while (!told().includes("basic")) await delay(20);
  assert.ok(hasTurn());
  tell("agent\n");
  while (hasTurn()) await delay(20);
  tell("nginx.service\n");
  assert.deepEqual(await closed, [0, null]);
  assert.equal(
    told(),
    `EXTEND_TIMEOUT_USEC=18000000 --status=Starting
EXTEND_TIMEOUT_USEC=18000000 --status=Starting: the guest has reached basic
EXTEND_TIMEOUT_USEC=18000000 --status=Starting: the guest has reached agent
--ready --status=Up
`,
  );
  // A hypervisor that was killed left its socket, which takes no connection until the next one has made its own.
  assert.match(asked(), /^-u UNIX-CONNECT:web\.ready\.sock,retry=600,interval=0\.1 /);
});

test("a guest that is up without the stage that is waited for is not ended for it", {
  timeout: 20_000,
}, async (t) => {
  const { tell, told, closed } = await ready(t, { stage: "multi-user", timeout: 1 });
  tell("basic\nagent\n");
  assert.deepEqual(await closed, [0, null]);
  assert.match(told(), /--ready --status=Up, but not at multi-user within 1 seconds\n$/);
});

test("a guest that says nothing is never called up", { timeout: 20_000 }, async (t) => {
  const { tell, told, closed, server } = await ready(t, { stage: "agent", timeout: 1 });
  tell(`${"x".repeat(100_000)}\n`);
  await delay(2000);
  assert.equal(told(), "EXTEND_TIMEOUT_USEC=2000000 --status=Starting\n");
  // The hypervisor has ended.
  server.close();
  assert.deepEqual(await closed, [1, null]);
});

test("a guest that answers is alive, and one that does not is silent since the first time", {
  timeout: 60_000,
}, (t) => {
  const place = workplace(t);
  const script = place.script("microvm-alive", aliveScript(machine(), SOCAT));
  place.program("socat", 'sed -n \'s/.*"id":\\([0-9]*\\).*/{"return": \\1}/p\'; sleep 5');
  assert.equal(place.run(script).status, 0);
  assert.deepEqual(readdirSync(place.vm), []);
  place.program("socat", "cat >/dev/null; echo garbage");
  const first = place.run(script);
  assert.equal(first.status, 3);
  assert.match(first.stdout, /^\d{10}\n$/);
  writeFileSync(join(place.vm, "web.silent"), "1000\n");
  const later = spawn(script, ["60"], { cwd: place.vm, env: place.environment() });
  return once(later, "close").then(([code]) => {
    assert.equal(code, 4);
    assert.equal(place.read("web.silent"), "1000\n");
    place.program("socat", 'sed -n \'s/.*"id":\\([0-9]*\\).*/{"return": \\1}/p\'; sleep 5');
    assert.equal(place.run(script).status, 0);
    assert.deepEqual(readdirSync(place.vm), []);
  });
});
