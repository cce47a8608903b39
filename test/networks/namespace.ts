/** A network namespace of the test's own: nothing that happens in it is seen by the machine. */
import { after } from "node:test";
import { ended, run, runToEnd, spawn } from "../../src/os/processes.ts";

/** A namespace with its own interfaces, `/sys` and `/run`. It ends with the tests, however they end. */
export interface Namespace {
  readonly pid: number;
  /** A command that runs in it. */
  inside(command: readonly string[]): readonly string[];
  /** Runs a command in it to its end, and returns its output without white space around; a failure is an error. */
  ok(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** Runs a command in it to its end. */
  run(command: readonly string[]): Promise<{ readonly code: number; readonly output: string }>;
  /** Starts a command in it that runs on until the tests end. */
  start(command: readonly string[], env?: Readonly<Record<string, string>>): void;
}

/** Makes a namespace. */
export async function startNamespace(): Promise<Namespace> {
  const stage = "mount -t sysfs none /sys && mount -t tmpfs none /run && echo ready && exec cat";
  const child = spawn("unshare", ["--net", "--mount", "--", "sh", "-c", stage], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = ended(child);
  after(async () => {
    child.stdin.end();
    await gone;
  });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    gone.then(() => reject(new Error("The namespace was not made")), reject);
  });
  const pid = child.pid!;
  const inside = (command: readonly string[]) => [
    "nsenter",
    `--target=${pid}`,
    "--net",
    "--mount",
    "--",
    ...command,
  ];
  const environment = (env: Readonly<Record<string, string>> = {}) => ({
    PATH: process.env.PATH ?? "",
    ...env,
  });
  return {
    pid,
    inside,
    ok: async (command, env) => (await run(inside(command), { env: environment(env) })).toString().trim(),
    run: async (command) => {
      const { code, stdout, stderr } = await runToEnd(inside(command), { env: environment() });
      return { code, output: Buffer.concat([stdout, stderr]).toString().trim() };
    },
    start(command, env) {
      const [program, ...args] = inside(["setpriv", "--pdeathsig", "KILL", "--", ...command]);
      const server = spawn(program!, args, {
        env: environment(env),
        stdio: ["ignore", "inherit", "inherit"],
      });
      const end = ended(server);
      after(async () => {
        server.kill("SIGKILL");
        await end;
      });
    },
  };
}
