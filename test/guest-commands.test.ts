/** exec, cp and ssh with a real agent in a guest's layers, which needs no VM. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { run, runToEnd } from "../src/os/processes.ts";
import { startAgent } from "./agent-in-namespace.ts";
import { onTerminal } from "./on-terminal.ts";
import {
  environment,
  guestProject,
  microvm,
  needsRoot,
  PROGRAM,
  STORE_SHARE,
  startMicrovm,
  temporaryDirectory,
} from "./support.ts";

const files = temporaryDirectory();
const started = needsRoot ? undefined : await start();
const here: Readonly<Record<string, string>> = started ? { MICROVM_STATE_DIR: started.state } : {};

async function start() {
  const project = guestProject(`
    microvm: { ${STORE_SHARE} },
    services: { openssh: { enable: true } },
    users: { users: { alice: { isNormalUser: true } } },
  `);
  const { stdout, stderr, code } = await microvm(["build", project]);
  assert.equal(code, 0, stderr);
  return startAgent(stdout.trim());
}

const guest = (...command: string[]) => microvm(["exec", "guest", "--", ...command], here);

test("a command has its outputs, exit status, user, directory, variables and signals", {
  skip: needsRoot,
}, async () => {
  const script = 'echo "$HOME $PWD $A $(id -un)"; echo complaint >&2; exit 7';
  const options = ["--user", "alice", "--workdir", "/tmp", "--env", "A=it's"];
  const { stdout, stderr, code } = await microvm(
    ["exec", ...options, "guest", "--", "sh", "-c", script],
    here,
  );
  assert.deepEqual([code, stdout, stderr], [7, "/home/alice /tmp it's alice\n", "complaint\n"]);
  assert.equal((await guest("sh", "-c", "kill -9 $$")).code, 137);
  assert.equal((await guest("nosuch")).code, 127);
  const nobody = await microvm(["exec", "--user", "mallory", "guest", "true"], here);
  assert.deepEqual([nobody.code, nobody.stderr], [126, "there is no user mallory\n"]);
  assert.equal((await microvm(["exec", "--timeout", "0.5", "guest", "sleep", "300"], here)).code, 124);
});

test("input streams in and output of many megabytes streams out, several commands at once", {
  skip: needsRoot,
}, async () => {
  const data = Buffer.alloc(1_500_000, "0123456789abcde\n");
  const digest = createHash("sha256").update(data).digest("hex");
  const env = environment(here);
  const [through, flood] = await Promise.all([
    runToEnd([...PROGRAM, "exec", "-i", "guest", "--", "sha256sum"], { env, input: data }),
    runToEnd([...PROGRAM, "exec", "guest", "--", "sh", "-c", "seq 1 800000; df /run | tail -1"], { env }),
  ]);
  assert.equal(through.stdout.toString(), `${digest}  -\n`);
  const lines = flood.stdout.toString().trim().split("\n");
  assert.equal(lines.length, 800_001);
  assert.equal(lines[799_999], "800000");
});

test("a command whose daemon holds its outputs ends, and nothing of any command is left", {
  skip: needsRoot,
}, async () => {
  const { code, stdout } = await guest("sh", "-c", "sleep 100 & echo started");
  assert.deepEqual([code, stdout], [0, "started\n"]);
  assert.equal(
    (await guest("sh", "-c", "ls /run/microvm | grep -v out.0 | grep -v err.0 | wc -l")).stdout,
    "1\n",
  );
});

test("a terminal in the guest has the size of this one, Ctrl-C, and leaves this one as it was", {
  skip: needsRoot,
}, async () => {
  const screen = await onTerminal(
    ["exec", "-it", "guest", "--", "sh"],
    [
      [/# /, "stty size; echo $TERM; sleep 100\r"],
      [/33 99\s+dumb/, "\x03"],
      [/\^C/, "exit 9\r"],
    ],
    here,
  );
  assert.match(screen, /code 9\s/);
  assert.match(screen, / icanon.* echo /s);
});

test("files and trees are copied both ways with their modes, and links as links", {
  skip: needsRoot,
}, async () => {
  const tree = join(files, "tree");
  mkdirSync(join(tree, "sub"), { recursive: true });
  writeFileSync(join(tree, "sub/run"), Buffer.alloc(300_000, "x"), { mode: 0o750 });
  symlinkSync("/etc/passwd", join(tree, "link"));
  assert.deepEqual(await microvm(["cp", "-r", tree, "guest:/srv"], here), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.equal((await guest("stat", "-c", "%a %s", "/srv/tree/sub/run")).stdout, "750 300000\n");
  assert.equal((await microvm(["cp", "-r", "guest:/srv/tree", join(files, "back")], here)).code, 0);
  assert.equal((await runToEnd(["diff", "-r", "--no-dereference", tree, join(files, "back")])).code, 0);
  assert.equal(statSync(join(files, "back/sub/run")).mode & 0o777, 0o750);
  const missing = await microvm(["cp", "guest:/nosuch", files], here);
  assert.match(missing.stderr, /^error: The guest cannot copy that: tar: nosuch: Cannot stat/);
});

test("a copy onto a full disk says so and leaves nothing", { skip: needsRoot }, async () => {
  writeFileSync(join(files, "large"), Buffer.alloc(400_000));
  const { code, stderr } = await microvm(["cp", join(files, "large"), "guest:/full/large"], here);
  assert.equal(code, 1);
  assert.match(stderr, /No space left on device|Wrote only \d+ of/);
  assert.equal((await guest("ls", "-A", "/full")).stdout, "");
});

test("ssh goes without network, by the host key of the VM's directory", { skip: needsRoot }, async () => {
  const key = join(files, "key");
  const hostKey = join(started!.state, ".run/guest-0123456789ab/ssh_host_ed25519_key");
  for (const file of [key, hostKey]) await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file]);
  await guest("mkdir", "-p", "-m", "0700", "/root/.ssh");
  await microvm(["cp", `${key}.pub`, "guest:/root/.ssh/authorized_keys"], here);
  await microvm(["cp", hostKey, "guest:/etc/ssh/ssh_host_ed25519_key"], here);
  const options = ["-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"];
  const args = ["ssh", "guest", "--", ...options, "echo in; id -un; exit 4"];
  const { code, stdout, stderr } = await microvm(args, here);
  assert.deepEqual([code, stdout], [4, "in\nroot\n"], stderr);
});

test("keys come back from a terminal soon", { skip: needsRoot }, async () => {
  const screen = await onTerminal(
    ["exec", "-it", "guest", "--", "sh", "-c", "echo go; cat"],
    [[/go/, "typed\r\x04"]],
    here,
  );
  assert.match(screen, /typed\s+typed\s+code 0/);
});

test("an unknown VM and a wrong command are said, with the way out", { skip: needsRoot }, async () => {
  const unknown = await microvm(["exec", "gust", "true"], here);
  assert.match(
    unknown.stderr,
    /^error: There is no VM "gust" in ".*"; did you mean "guest"\nhint: There are "guest"\n/,
  );
  assert.equal((await microvm(["exec", "guest"], here)).code, 2);
  assert.equal((await microvm(["cp", "a", "b"])).code, 2);
});

test("an agent that ends while something goes on ends it, and the terminal is as it was", {
  skip: needsRoot,
}, async () => {
  const running = startMicrovm(["exec", "guest", "--", "sh", "-c", "echo begun; sleep 300"], here);
  const terminal = onTerminal(["exec", "-it", "guest", "--", "sh"], [[/# /, "sleep 300\r"]], here);
  await guest("sh", "-c", "head -c 200000000 /dev/zero >/srv/zeros");
  const copy = startMicrovm(["cp", "guest:/srv/zeros", join(files, "zeros")], here);
  await running.until(/begun/);
  await delay(1000);
  started!.agent.kill("SIGKILL");
  assert.equal(await running.exited, 1);
  assert.match(running.output(), /error: The VM "guest" has ended meanwhile\n/);
  assert.match(await terminal, /has ended meanwhile[\s\S]*code 1\s[\s\S]* icanon/);
  assert.equal(await copy.exited, 1);
  assert.match((await guest("true")).stderr, /^error: The VM "guest" is not running\n/);
});
