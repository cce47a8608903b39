import assert from "node:assert/strict";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { execCollected, waitForAgent } from "./guest-agent.ts";
import { type Answer, fakeAgent, ran } from "./testing/fake-agent.ts";

const soon = () => AbortSignal.timeout(5000);

/** Runs a command by an agent that answers so. */
async function exec(test: TestContext, answer: Answer, signal?: AbortSignal) {
  const { path } = await fakeAgent(test, answer);
  using agent = await waitForAgent(path, soon());
  const { code, stdout, stderr } = await execCollected(agent, ["/bin/true"], { signal });
  return { code, stdout: stdout.toString(), stderr: stderr.toString() };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}

const failure = (message: string) => ({
  code: "guest-failed",
  message,
  hint: "See the guest's console for what happened to it",
});

test("a command is run with its arguments, its outputs kept apart, and asked after until it has ended", async (t) => {
  const { path, questions } = await fakeAgent(t, ran({ looks: 2, status: { exitcode: 3 } }));
  using agent = await waitForAgent(path, soon());
  const { code } = await execCollected(agent, ["/bin/sh", "-c", "exit 3"]);
  assert.equal(code, 3);
  const asked = (execute: string) => questions.filter((question) => question.execute === execute);
  const [run] = asked("guest-exec");
  assert.equal(run?.arguments.path, "/bin/sh");
  const [, , , base, user, directory, mode, count, ...command] = run?.arguments.arg ?? [];
  assert.match(base, /^\/run\/microvm\/[0-9a-f-]{36}$/);
  assert.deepEqual([user, directory, mode, count], ["root", "", "output", "0"]);
  assert.deepEqual(command, ["/bin/sh", "-c", "exit 3"]);
  assert.deepEqual(
    asked("guest-file-open").map((question) => question.arguments),
    [
      { path: `${base}.out.0`, mode: "w+" },
      { path: `${base}.err.0`, mode: "w+" },
    ],
  );
  assert.equal(asked("guest-exec-status").length, 3);
  assert.equal(asked("guest-file-close").length, 2);
});

test("output is handed on while the command runs", async (t) => {
  const { path } = await fakeAgent(
    t,
    ran({ stdout: ["one ", "two ", "ü\n"], stderr: ["", "odd"], looks: 2 }),
  );
  using agent = await waitForAgent(path, soon());
  const chunks: string[] = [];
  const take = (chunk: Buffer) => void chunks.push(chunk.toString());
  assert.equal(await agent.exec(["/bin/true"], { stdout: take, stderr: take }), 0);
  assert.deepEqual(chunks, ["one ", "two ", "odd", "ü\n"]);
});

test("a signal counts as in a shell, and a status that is none does not", async (t) => {
  const nothing = { stdout: "", stderr: "" };
  assert.deepEqual(await exec(t, ran({ status: { signal: 9 } })), { ...nothing, code: 137 });
  for (const exitcode of [1.5, -1, 1e9, "0", null]) {
    assert.deepEqual(await exec(t, ran({ status: { exitcode } })), { ...nothing, code: 128 });
  }
});

test("what was left in the socket from before is no answer", async (t) => {
  const stale = 'half an answer"}\n{"return": 999}\nnull\n[]\n{"return": {"exited": true}}\n';
  const { path } = await fakeAgent(t, ran({}), { stale });
  using agent = await waitForAgent(path, soon());
  assert.equal((await execCollected(agent, ["/bin/true"])).code, 0);
});

test("the agent's refusal is told in its words, as a terminal may show them", async (t) => {
  const desc = `Failed to execute\x1b[31m\u009b"x"\n(No such file)${"!".repeat(1000)}`;
  await assert.rejects(
    exec(t, () => ({ error: { class: "GenericError", desc } })),
    failure(
      `The guest's agent cannot do "guest-exec": ${'Failed to execute [31m "x" (No such file)'.padEnd(500, "!")}`,
    ),
  );
});

test("an answer that is none is a fault of the guest", async (t) => {
  const answers = { "guest-file-open": ["no JSON", "[]", "null", ""], "guest-exec": ['{"return": 5}'] };
  for (const [question, given] of Object.entries(answers)) {
    for (const answer of given) {
      await assert.rejects(
        exec(t, () => answer),
        failure(`The guest's agent cannot do "${question}": it did not answer`),
      );
    }
  }
});

test("an agent that hangs up is not waited for", async (t) => {
  await assert.rejects(
    exec(t, (_, socket) => void socket.destroy()),
    failure(`The guest's agent cannot do "guest-file-open": the connection ended`),
  );
});

test("a guest cannot fill the host's memory", async (t) => {
  const flood = "x".repeat(49 * 1024 * 1024);
  for (const answer of [flood, "\n".repeat(2000)]) {
    await assert.rejects(
      exec(t, () => answer),
      failure(`The guest's agent cannot do "guest-file-open": the connection ended`),
    );
  }
});

test("the beginning of a file is read without a program, and is no longer than was asked for", async (t) => {
  const text = "5.25 3.00\n".repeat(1000);
  const { path, questions } = await fakeAgent(t, ({ execute }) =>
    execute === "guest-file-open"
      ? { return: 7 }
      : { return: execute === "guest-file-read" ? { "buf-b64": Buffer.from(text).toString("base64") } : {} },
  );
  using agent = await waitForAgent(path, soon());
  assert.equal((await agent.readStart("/proc/uptime")).toString(), text.slice(0, 4096));
  assert.deepEqual(questions.slice(1), [
    { execute: "guest-file-open", arguments: { path: "/proc/uptime", mode: "r" } },
    { execute: "guest-file-read", arguments: { handle: 7, count: 4096 } },
    { execute: "guest-file-close", arguments: { handle: 7 } },
  ]);
});

test("input is brought as words, or as files when it is long, and its end is told", async (t) => {
  const input: string[] = [];
  const { path, questions } = await fakeAgent(t, ran({ looks: 30, input }));
  using agent = await waitForAgent(path, soon());
  const stream = new PassThrough();
  const running = execCollected(agent, ["/bin/cat"], { input: stream });
  stream.write("a b\n");
  await until(() => input.length === 1);
  stream.end(Buffer.alloc(2000, "x"));
  assert.equal((await running).code, 0);
  assert.deepEqual(input, ["d a\\0040b\\0012", "f 1", "e"]);
  const opened = questions.filter(({ execute }) => execute === "guest-file-open");
  assert.ok(opened.some((question) => /\.in\.1$/.test(question.arguments.path)));
});

test("a command that does not read its input is not waited for", async (t) => {
  const { path } = await fakeAgent(t, ran({ looks: 2 }));
  using agent = await waitForAgent(path, soon());
  const { code } = await execCollected(agent, ["/bin/true"], { input: new PassThrough() });
  assert.equal(code, 0);
});

test("a guest that sends more than it was asked for is refused", async (t) => {
  const honest = ran({});
  const answer: Answer = (question, socket) =>
    question.execute === "guest-file-read"
      ? { return: { count: 1, "buf-b64": Buffer.alloc(300_000).toString("base64") } }
      : honest(question, socket);
  await assert.rejects(
    exec(t, answer),
    failure('The guest\'s agent cannot do "guest-file-read": its answer is none'),
  );
});

test("several commands run at once over one agent that takes one client at a time", async (t) => {
  const { path } = await fakeAgent(t, ran({ stdout: ["some"], looks: 0 }), { oneAtATime: true });
  const run = async () => {
    using agent = await waitForAgent(path, soon());
    return (await execCollected(agent, ["/bin/true"])).code;
  };
  assert.deepEqual(await Promise.all([run(), run(), run()]), [0, 0, 0]);
});

test("a signal and a new size of the terminal are told by scripts of their own", async (t) => {
  const { path, questions } = await fakeAgent(t, ran({ looks: 5 }));
  using agent = await waitForAgent(path, soon());
  const nothing = { stdout() {}, stderr() {} };
  const running = await agent.start(["/bin/sh"], nothing, {
    terminal: { rows: 30, columns: 90 },
    input: new PassThrough().end(),
  });
  await running.kill("TERM");
  await running.resize({ rows: 31, columns: 91 });
  await running.ended;
  const scripts = questions.filter(({ execute }) => execute === "guest-exec").map((one) => one.arguments.arg);
  assert.match(scripts[0].at(-1), /^stty sane rows 30 cols 90; .*exec \/bin\/sh$/);
  assert.deepEqual(scripts[1].slice(4), ["TERM"]);
  assert.deepEqual(scripts[2].slice(4), ["31", "91"]);
});

test("an agent that comes later is waited for", async (t) => {
  const path = join(temporaryDirectory(t), "later.sock");
  const waiting = waitForAgent(path, soon());
  await fakeAgent(t, ran({}), { path });
  using agent = await waiting;
  assert.equal((await execCollected(agent, ["/bin/true"])).code, 0);
});

test("an agent that does not come is waited for as long as the signal allows", async (t) => {
  const controller = new AbortController();
  const waiting = waitForAgent(join(temporaryDirectory(t), "never.sock"), controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, { message: "enough" });
});

test("waiting ends with the signal's reason, also when someone listens and does not answer", async (t) => {
  const { path } = await fakeAgent(t, () => undefined, { silent: true });
  await assert.rejects(waitForAgent(path, AbortSignal.timeout(50)), { name: "TimeoutError" });
  await assert.rejects(waitForAgent(path, AbortSignal.abort("stop")), (reason) => reason === "stop");
});

test("a command is not looked at any longer once its signal is given", async (t) => {
  const controller = new AbortController();
  const runs = ran({ looks: 1000 });
  const running: Answer = (question, socket) => {
    if (question.execute === "guest-exec-status") controller.abort();
    return runs(question, socket);
  };
  await assert.rejects(exec(t, running, controller.signal), { name: "AbortError" });
});

test("a guest's addresses are told, without those of no use to others and what is no address", async (t) => {
  const listed = (...addresses: unknown[]) =>
    addresses.map((one) => ({ "ip-address-type": "ipv4", "ip-address": one, prefix: 24 }));
  const answer: Answer = ({ execute }) =>
    execute === "guest-network-get-interfaces"
      ? {
          return: [
            { name: "lo", "ip-addresses": listed("127.0.0.1") },
            { name: "eth0", "ip-addresses": listed("10.77.0.5", "fe80::1", "fd00::5", "\u001b[2J", 7, null) },
            { name: "\u001b]0;x", "ip-addresses": listed("10.0.0.1") },
            { name: "down" },
            "nonsense",
            ...Array.from({ length: 100 }, (_, at) => ({
              name: `v${at}`,
              "ip-addresses": listed("10.0.0.2"),
            })),
          ],
        }
      : undefined;
  const { path } = await fakeAgent(t, answer);
  using agent = await waitForAgent(path, soon());
  const addresses = await agent.addresses();
  assert.deepEqual(addresses.slice(0, 3), [
    { interface: "eth0", address: "10.77.0.5", prefixLength: 24 },
    { interface: "eth0", address: "fd00::5", prefixLength: 24 },
    { interface: "v0", address: "10.0.0.2", prefixLength: 24 },
  ]);
  assert.ok(addresses.length <= 64);
});
