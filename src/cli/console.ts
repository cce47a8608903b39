/** `microvm console`. */
import { join } from "node:path";
import { attachConsole, withoutOverlap } from "../control/console.ts";
import { MicrovmError } from "../errors.ts";
import { readTail } from "../os/file-slice.ts";
import { existsSync } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { vmNames } from "../paths.ts";
import { type Command, parseWords } from "./command.ts";
import { lendTerminal } from "./raw-terminal.ts";
import { findRunningVm, type RunningVm } from "./running-vm.ts";
import { stoppedStatus, stopSignal } from "./setting.ts";

/** How many earlier lines are shown, and how much of them: bytes. */
const LINES = 100;
const MOST_BEFORE = 256 * 1024;

/** Attaches to a running guest's console. */
export const consoleCommand: Command = {
  name: "console",
  usage: "console NAME",
  summary: "Attach to the console of a running VM",
  help: `Attaches to the console of a running VM. Any number of terminals can be attached at once: all see what the guest
prints, and all can type. Before that it shows the last lines that were printed.

On a terminal every key goes to the guest; Ctrl-] three times in a row leaves, and the VM goes on. Otherwise standard
input goes to the guest, and SIGINT or SIGTERM leave.

Usage: microvm console NAME [options]

NAME is a VM that runs: an installed one, or one of "microvm run".

Options:
  -n, --lines NUMBER  How many earlier lines are shown (default ${LINES}; of ${MOST_BEFORE / 1024} KiB at most)
  -h, --help          Show this

Examples:
  microvm console web
  microvm console web --lines 1000 </dev/null | less
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("console", args, { lines: { type: "string", short: "n" } });
    const [name, ...others] = words;
    if (name === undefined || others.length > 0) throw usage('"console" takes the name of one VM');
    const lines = Number(values.lines ?? LINES);
    if (!Number.isSafeInteger(lines) || lines < 0) {
      throw usage(`"--lines" is "${values.lines}": it must be a number of lines`);
    }
    const vm = await findRunningVm(name);
    if (vm.consoleSocket === undefined) {
      throw new MicrovmError("guest-failed", `The VM "${name}" has no console`, {
        hint: 'Set "microvm.qemu.serialConsole" to true',
      });
    }
    if (!existsSync(vm.consoleSocket)) {
      throw new MicrovmError("guest-failed", `The console of the VM "${name}" cannot be attached to`, {
        hint: 'That needs QEMU 10 or later: install it, or leave out "microvm.vmHostPackages"',
      });
    }
    return attachHere(vm, vm.consoleSocket, lines);
  },
};

async function attachHere(vm: RunningVm, socket: string, lines: number): Promise<number> {
  const { name, directory } = vm;
  const stopped = stopSignal();
  const left = new AbortController();
  const signal = AbortSignal.any([stopped, left.signal]);
  const places = {
    socket,
    hub: join(directory, vmNames.consoleHub),
    lock: join(directory, vmNames.consoleLock),
  };
  // Reached first, so that nothing lies between what was printed before and what is printed from now on.
  let waiting: Buffer[] | undefined = [];
  const print = (chunk: Buffer) => void (waiting?.push(chunk) ?? process.stdout.write(chunk));
  const console = attachConsole(places, print, signal);
  await console.attached;
  const before = await earlier(vm, lines);
  process.stdout.write(Buffer.concat([before, withoutOverlap(before, Buffer.concat(waiting))]));
  waiting = undefined;
  const { stdin } = process;
  if (stdin.isTTY) {
    process.stderr.write(`The console of "${name}"; Ctrl-] three times leaves.\n`);
  } else {
    stdin.on("data", (keys: Buffer) => console.write(keys));
  }
  using _terminal = lendTerminal(
    (keys) => console.write(keys),
    () => left.abort(),
  );
  // Who reads no more has left.
  process.stdout.once("error", () => left.abort());
  await console.ended;
  stdin.pause();
  stdin.unref?.();
  if (!signal.aborted) process.stderr.write(`The VM "${name}" has ended.\n`);
  return stoppedStatus() ?? 0;
}

/** What was printed before: by the file that "microvm run" writes, else by the journal. */
async function earlier({ name, directory, installed }: RunningVm, lines: number): Promise<Buffer> {
  if (lines === 0) return Buffer.alloc(0);
  const file = join(directory, vmNames.consoleLog);
  if (!installed && existsSync(file)) return lastLinesOf(readTail(file, MOST_BEFORE), lines);
  const unit = `${process.getuid?.() === 0 ? "--unit" : "--user-unit"}=microvm@${name}.service`;
  const command = ["journalctl", unit, "--output=cat", "--all", "--no-pager", `--lines=${lines}`];
  const { stdout, code } = await runToEnd(command).catch(() => ({ stdout: Buffer.alloc(0), code: 1 }));
  return code === 0 ? stdout.subarray(-MOST_BEFORE) : Buffer.alloc(0);
}

function lastLinesOf(bytes: Buffer, count: number): Buffer {
  let at = bytes.length;
  for (let lines = 0; lines <= count; lines++) {
    at = at <= 0 ? -1 : bytes.lastIndexOf(10, at - 1);
    if (at === -1) return bytes;
  }
  return bytes.subarray(at + 1);
}

function usage(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: 'See "microvm console --help"' });
}
