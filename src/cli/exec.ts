/** `microvm exec`. */
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { GuestAgent } from "../control/guest-agent.ts";
import type { ExecOptions, GuestCommand } from "../control/guest-command.ts";
import type { TerminalSize } from "../control/terminal.ts";
import { MicrovmError } from "../errors.ts";
import { exitStatus } from "../os/processes.ts";
import { type Command, parseBefore } from "./command.ts";
import { lendTerminal, writeTo } from "./raw-terminal.ts";
import { agentOf, explainEnd, findRunningVm } from "./running-vm.ts";
import { parseSeconds } from "./seconds.ts";

/** Exit status of a command that took too long: timeout(1)'s. */
const TIMED_OUT = 124;

/** Milliseconds that a command has to obey a signal before it is killed. */
const OBEY_TIME = 3000;

/** Runs a command in a running guest. */
export const execCommand: Command = {
  name: "exec",
  usage: "exec [-it] NAME -- COMMAND…",
  summary: "Run a command in a running VM",
  help: `Runs a command in a running VM, without network or keys: the guest's agent starts it. Its outputs are printed
while it runs, and its exit status is this program's: 128 and more for a signal that ended it, 126 when there is no
such user or directory, 127 when there is no such command.

The command is a program with its arguments, and no line for a shell. It runs as root, in root's home.

Usage: microvm exec [options] NAME [--] COMMAND [ARGUMENT…]

NAME is a VM that runs: an installed one, or one of "microvm run".

Options:
  -i, --interactive      Give it this program's standard input; without it, it has none
  -t, --tty              Give it a terminal, of this one's size; with -i the keys go there as they are typed, and
                         Ctrl-] three times in a row leaves it
  -u, --user NAME        Run it as this user, by name or number
  -w, --workdir PATH     Run it in this directory; default is the user's home
  -e, --env NAME=VALUE   Set a variable; can be given several times
      --timeout SECONDS  End it after that time, with exit status ${TIMED_OUT}
  -h, --help             Show this

SIGINT, SIGTERM and SIGHUP are handed on to the command, unless it has a terminal.

Examples:
  microvm exec web -- systemctl status nginx
  microvm exec -it web -- bash
  tar c site | microvm exec -i web -- tar x -C /srv
  microvm exec --user alice --env LANG=C.UTF-8 web -- sh -c 'echo "$HOME"'
`,
  needsRoot: false,
  async run(args) {
    const { name, rest, values } = parseBefore("exec", args, {
      interactive: { type: "boolean", short: "i", default: false },
      tty: { type: "boolean", short: "t", default: false },
      user: { type: "string", short: "u" },
      workdir: { type: "string", short: "w" },
      env: { type: "string", short: "e", multiple: true, default: [] },
      timeout: { type: "string" },
    });
    if (rest.length === 0) throw usage('"exec" needs a command behind the VM\'s name');
    if (values.tty && values.interactive && !process.stdin.isTTY) {
      throw usage('"--tty" with "--interactive" needs a terminal, and standard input is none');
    }
    const timeout = parseSeconds("exec", "timeout", values.timeout);
    const options: ExecOptions = {
      user: values.user,
      directory: values.workdir,
      environment: variables(values.env, values.tty),
      ...(values.tty && { terminal: terminalSize() }),
    };
    const vm = await findRunningVm(name);
    using agent = await agentOf(vm);
    return explainEnd(vm, () =>
      runHere(agent, rest, { ...options, interactive: values.interactive, timeout }),
    );
  },
};

/** Runs it with this program's streams. */
async function runHere(
  agent: GuestAgent,
  command: readonly string[],
  { interactive, timeout, ...options }: ExecOptions & { interactive: boolean; timeout: number | undefined },
): Promise<number> {
  const keys = new PassThrough();
  const input = interactive ? (process.stdin.isTTY && options.terminal ? keys : process.stdin) : undefined;
  const left = Promise.withResolvers<number>();
  // Given up only after the command was told so.
  left.promise.catch(() => {});
  using _terminal =
    input === keys
      ? lendTerminal(
          (typed) => keys.write(typed),
          () => left.resolve(0),
        )
      : undefined;
  // A terminal without keys reads nothing, and is a terminal all the same.
  const read = input ?? (options.terminal ? new PassThrough().end() : undefined);
  const output = { stdout: writeTo(process.stdout), stderr: writeTo(process.stderr) };
  const running = await agent.start(command, output, { ...options, ...(read && { input: read }) });
  using _signals = options.terminal ? followSize(running) : passSignals(running, left.resolve);
  let isLate = false;
  const stopLate = () => {
    isLate = true;
    end(running, "TERM", TIMED_OUT).then(left.resolve, left.reject);
  };
  const timer = timeout && setTimeout(stopLate, timeout * 1000);
  try {
    const code = await Promise.race([running.ended, left.promise]);
    return isLate ? TIMED_OUT : code;
  } finally {
    clearTimeout(timer);
    process.stdin.pause();
    process.stdin.unref?.();
  }
}

/** Tells the command to end; the exit status that counts once it has. */
async function end(running: GuestCommand, signal: string, status: number): Promise<number> {
  await running.kill(signal);
  const ended = running.ended.then(() => true);
  if (await Promise.race([ended, delay(OBEY_TIME, false, { ref: false })])) return status;
  await running.kill("KILL");
  await Promise.race([ended, delay(OBEY_TIME, false, { ref: false })]);
  return status;
}

/** Hands signals on. A command that does not obey is killed. */
function passSignals(running: GuestCommand, leave: (status: number) => void): Disposable {
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const pass = (name: NodeJS.Signals) => {
    end(running, name.slice(3), exitStatus(null, name)).then(leave, () => leave(exitStatus(null, name)));
  };
  for (const name of names) process.once(name, pass);
  return { [Symbol.dispose]: () => names.forEach((name) => void process.off(name, pass)) };
}

function followSize(running: GuestCommand): Disposable {
  const resize = () => void running.resize(terminalSize()).catch(() => {});
  process.stdout.on("resize", resize);
  return { [Symbol.dispose]: () => void process.stdout.off("resize", resize) };
}

/** Of this terminal; without one, that of the oldest. */
function terminalSize(): TerminalSize {
  return { rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 };
}

function variables(words: readonly string[], tty: boolean): Record<string, string> {
  const pairs = words.map((word): [string, string] => {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
    if (name === undefined) throw usage(`"--env" is "${word}": it must be NAME=VALUE`);
    return [name, value!];
  });
  return { ...(tty && { TERM: process.env.TERM || "vt220" }), ...Object.fromEntries(pairs) };
}

function usage(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: 'See "microvm exec --help"' });
}
