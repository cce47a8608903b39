/** Commands on a running VM: exec, cp, ssh and console, what they do in trouble, and the VM's end. One boot for all. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ended, quoteCommand, run, runToEnd, spawn } from "../src/os/processes.ts";
import {
  environment,
  guestProject,
  microvm,
  ROOT,
  STORE_SHARE,
  startMicrovm,
  temporaryDirectory,
} from "./support.ts";

const files = temporaryDirectory();
await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(files, "key")]);
const key = readFileSync(join(files, "key.pub"), "utf8").trim();
const directory = guestProject(`
  microvm: { vcpu: 2, ${STORE_SHARE}, writableStoreOverlay: true, readiness: { stage: "multi-user" } },
  services: { getty: { autologinUser: "root" }, openssh: { enable: true } },
  users: { users: {
    alice: { isNormalUser: true },
    root: { openssh: { authorizedKeys: { keys: [${JSON.stringify(key)}] } } },
  } },
`);
const PROGRAM = [process.execPath, `${ROOT}/bin/microvm.js`];
let vm: ReturnType<typeof startMicrovm>;

before(async () => {
  vm = startMicrovm(["run", directory]);
  await vm.until(/root@guest/);
});

const guest = (...command: string[]) => microvm(["exec", "guest", "--", ...command]);

/** The program on a terminal of this size, and the keys that it gets: each once what stands before it was seen. */
async function onTerminal(args: readonly string[], steps: readonly (readonly [RegExp, string])[]) {
  const line = `stty rows 33 cols 99; ${quoteCommand([...PROGRAM, ...args])}; echo "code $?"; stty -a`;
  const terminal = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...environment(), TERM: "dumb", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    screen += chunk;
  });
  try {
    for (const [seen, keys] of steps) {
      for (let tries = 0; !seen.test(screen); tries++) {
        assert.ok(tries < 600, `${seen} did not appear:\n${screen}`);
        await delay(100);
      }
      terminal.stdin.write(keys);
    }
    await ended(terminal);
    return screen;
  } finally {
    terminal.kill("SIGKILL");
  }
}

test("a command has its outputs, exit status, user, directory, variables and signals", async () => {
  const script = 'echo "$HOME $PWD $A $(id -un)"; echo complaint >&2; exit 7';
  const options = ["--user", "alice", "--workdir", "/tmp", "--env", "A=it's"];
  const { stdout, stderr, code } = await microvm(["exec", ...options, "guest", "--", "sh", "-c", script]);
  assert.deepEqual([code, stdout, stderr], [7, "/home/alice /tmp it's alice\n", "complaint\n"]);
  assert.equal((await guest("sh", "-c", "kill -9 $$")).code, 137);
  assert.equal((await guest("nosuch")).code, 127);
  const nobody = await microvm(["exec", "--user", "mallory", "guest", "true"]);
  assert.deepEqual([nobody.code, nobody.stderr], [126, "there is no user mallory\n"]);
  assert.equal((await microvm(["exec", "--timeout", "0.5", "guest", "sleep", "300"])).code, 124);
});

test("input streams in and output of many megabytes streams out, several commands at once", async () => {
  const data = Buffer.alloc(1_500_000, "0123456789abcde\n");
  const digest = createHash("sha256").update(data).digest("hex");
  const env = environment();
  const [through, flood] = await Promise.all([
    runToEnd([...PROGRAM, "exec", "-i", "guest", "--", "sha256sum"], { env, input: data }),
    runToEnd([...PROGRAM, "exec", "guest", "--", "sh", "-c", "seq 1 800000; df /run | tail -1"], { env }),
  ]);
  assert.equal(through.stdout.toString(), `${digest}  -\n`);
  const lines = flood.stdout.toString().trim().split("\n");
  assert.equal(lines.length, 800_001);
  assert.equal(lines[799_999], "800000");
});

test("a command whose daemon holds its outputs ends, and nothing of any command is left", async () => {
  const { code, stdout } = await guest("sh", "-c", "sleep 100 & echo started");
  assert.deepEqual([code, stdout], [0, "started\n"]);
  assert.equal(
    (await guest("sh", "-c", "ls /run/microvm | grep -v out.0 | grep -v err.0 | wc -l")).stdout,
    "1\n",
  );
});

test("a terminal in the guest has the size of this one, Ctrl-C, and leaves this one as it was", async () => {
  const screen = await onTerminal(
    ["exec", "-it", "guest", "--", "sh"],
    [
      [/# /, "stty size; echo $TERM; sleep 100\r"],
      [/33 99\r\ndumb/, "\x03"],
      [/\^C/, "exit 9\r"],
    ],
  );
  assert.match(screen, /code 9\r\n/);
  assert.match(screen, / icanon.* echo /s);
});

test("files and trees are copied both ways with their modes, and links as links", async () => {
  const tree = join(files, "tree");
  mkdirSync(join(tree, "sub"), { recursive: true });
  writeFileSync(join(tree, "sub/run"), Buffer.alloc(300_000, "x"), { mode: 0o750 });
  symlinkSync("/etc/passwd", join(tree, "link"));
  assert.deepEqual(await microvm(["cp", "-r", tree, "guest:/srv"]), { code: 0, stdout: "", stderr: "" });
  assert.equal((await guest("stat", "-c", "%a %s", "/srv/tree/sub/run")).stdout, "750 300000\n");
  assert.equal((await microvm(["cp", "-r", "guest:/srv/tree", join(files, "back")])).code, 0);
  assert.equal((await runToEnd(["diff", "-r", "--no-dereference", tree, join(files, "back")])).code, 0);
  assert.equal(statSync(join(files, "back/sub/run")).mode & 0o777, 0o750);
  const missing = await microvm(["cp", "guest:/nosuch", files]);
  assert.match(missing.stderr, /^error: The guest cannot copy that: tar: nosuch: Cannot stat/);
});

test("a copy onto a full disk says so and leaves nothing", async () => {
  await guest("sh", "-c", "mkdir /full && mount -t tmpfs -o size=100k tmpfs /full");
  writeFileSync(join(files, "large"), Buffer.alloc(400_000));
  const { code, stderr } = await microvm(["cp", join(files, "large"), "guest:/full/large"]);
  assert.equal(code, 1);
  assert.match(stderr, /No space left on device/);
  assert.equal((await guest("ls", "-A", "/full")).stdout, "");
});

test("ssh goes without network, by the host key of the VM's directory", async () => {
  const args = [
    "ssh",
    "guest",
    "--",
    "-i",
    join(files, "key"),
    "-o",
    "IdentitiesOnly=yes",
    "echo in; hostname; exit 4",
  ];
  const { code, stdout, stderr } = await microvm(args);
  assert.deepEqual([code, stdout], [4, "in\nguest\n"], stderr);
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

test("an unknown VM and a wrong command are said, with the way out", async () => {
  const unknown = await microvm(["exec", "gust", "true"]);
  assert.match(
    unknown.stderr,
    /^error: There is no VM "gust" in ".*"; did you mean "guest"\nhint: There are "guest"\n/,
  );
  assert.equal((await microvm(["exec", "guest"])).code, 2);
  assert.equal((await microvm(["cp", "a", "b"])).code, 2);
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
  assert.match(await terminal, /has ended meanwhile[\s\S]*code 1\r\n[\s\S]* icanon/);
  await console.exited;
  assert.match(console.output(), /The VM "guest" has ended\.\n$/);
  assert.notEqual(await vm.exited, 0);
  const gone = await guest("true");
  assert.match(
    gone.stderr,
    /^error: The VM "guest" is not running\nhint: Start it with "microvm run" in its project\n$/,
  );
});
