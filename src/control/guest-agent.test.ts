import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { waitForAgent } from "./guest-agent.ts";
import { type Answer, fakeAgent, ran } from "./testing/fake-agent.ts";

const soon = () => AbortSignal.timeout(5000);
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Runs a command by an agent that answers so. */
async function exec(test: TestContext, answer: Answer, signal?: AbortSignal) {
  const { path } = await fakeAgent(test, answer);
  using agent = await waitForAgent(path, soon());
  const { code, stdout, stderr, truncated } = await agent.exec(["/bin/true"], signal);
  return { code, stdout: stdout.toString(), stderr: stderr.toString(), truncated };
}

const failure = (message: string) => ({
  code: "guest-failed",
  message,
  hint: "See the guest's console for what happened to it",
});

test("a command is run with its arguments, and asked after until it has ended", async (t) => {
  let looks = 0;
  const { path, questions } = await fakeAgent(t, ({ execute }) => {
    if (execute === "guest-exec") return { return: { pid: 7 } };
    return { return: ++looks < 3 ? { exited: false } : { exited: true, exitcode: 3 } };
  });
  using agent = await waitForAgent(path, soon());
  assert.equal((await agent.exec(["/bin/sh", "-c", "exit 3"])).code, 3);
  assert.deepEqual(
    questions.slice(1).map((question) => question.arguments),
    [{ path: "/bin/sh", arg: ["-c", "exit 3"], "capture-output": true }, { pid: 7 }, { pid: 7 }, { pid: 7 }],
  );
});

test("exit status, outputs and what was lost come back", async (t) => {
  const status = {
    exitcode: 1,
    "out-data": base64("out ü\n"),
    "err-data": base64("err"),
    "err-truncated": true,
  };
  assert.deepEqual(await exec(t, ran(status)), {
    code: 1,
    stdout: "out ü\n",
    stderr: "err",
    truncated: true,
  });
});

test("a signal counts as in a shell, and a status that is none does not", async (t) => {
  const nothing = { stdout: "", stderr: "", truncated: false };
  assert.deepEqual(await exec(t, ran({ signal: 9 })), { ...nothing, code: 137 });
  for (const exitcode of [1.5, -1, 1e9, "0", null]) {
    assert.deepEqual(await exec(t, ran({ exitcode, "out-data": 5 })), { ...nothing, code: 128 });
  }
});

test("what was left in the socket from before is no answer", async (t) => {
  const stale = 'half an answer"}\n{"return": 999}\nnull\n[]\n{"return": {"exited": true}}\n';
  const { path } = await fakeAgent(t, ran({ exitcode: 0 }), { stale });
  using agent = await waitForAgent(path, soon());
  assert.equal((await agent.exec(["/bin/true"])).code, 0);
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
  for (const answer of ["no JSON", "[]", "null", '{"return": 5}', ""]) {
    await assert.rejects(
      exec(t, () => answer),
      failure(`The guest's agent cannot do "guest-exec": it did not answer`),
    );
  }
});

test("an agent that hangs up is not waited for", async (t) => {
  await assert.rejects(
    exec(t, (_, socket) => void socket.destroy()),
    failure(`The guest's agent cannot do "guest-exec": it did not answer`),
  );
});

test("a guest cannot fill the host's memory", async (t) => {
  const flood = "x".repeat(49 * 1024 * 1024);
  for (const answer of [flood, "\n".repeat(2000)]) {
    await assert.rejects(
      exec(t, () => answer),
      failure(`The guest's agent cannot do "guest-exec": it did not answer`),
    );
  }
});

test("the agent is asked to power the guest off", async (t) => {
  const answered = Promise.withResolvers<unknown>();
  const { path } = await fakeAgent(t, (question) => void answered.resolve(question));
  using agent = await waitForAgent(path, soon());
  agent.shutdown();
  assert.deepEqual(await answered.promise, {
    execute: "guest-shutdown",
    arguments: { mode: "powerdown" },
  });
});

test("an agent that comes later is waited for", async (t) => {
  const path = join(temporaryDirectory(t), "later.sock");
  const waiting = waitForAgent(path, soon());
  await fakeAgent(t, ran({ exitcode: 0 }), { path });
  using agent = await waiting;
  assert.equal((await agent.exec(["/bin/true"])).code, 0);
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
  const running: Answer = ({ execute }) => {
    if (execute === "guest-exec") return { return: { pid: 7 } };
    controller.abort();
    return { return: { exited: false } };
  };
  await assert.rejects(exec(t, running, controller.signal), { name: "AbortError" });
});
