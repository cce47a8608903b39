/** `microvm cp`. */
import { copyFrom, copyTo } from "../control/copy.ts";
import { MicrovmError, systemCode } from "../errors.ts";
import { type Command, parseWords } from "./command.ts";
import { printWarning, statusLine } from "./output.ts";
import { agentOf, explainEnd, findRunningVm } from "./running-vm.ts";

const MEBIBYTE = 1024 * 1024;

/** Copies files between this machine and a running guest. */
export const cpCommand: Command = {
  name: "cp",
  usage: "cp [-r] SRC NAME:DST | NAME:SRC DST",
  summary: "Copy files into a running VM, or out of one",
  help: `Copies files into a running VM or out of one, without network or keys. What is copied is whole in the end, or not
there.

Usage: microvm cp [options] SRC NAME:DST
       microvm cp [options] NAME:SRC DST

NAME is a VM that runs: an installed one, or one of "microvm run". A path in a guest begins with a slash, or else in
root's home. If DST is a directory, the copy has its name in it. A path of this machine that has a colon is written with
a slash before that: "./a:b".

Modes are kept, except setuid and setgid; owners are not: copies belong to root in a guest, and to you here. Symbolic
links are copied as links with --recursive, and never followed here on their way out of a guest. Devices and FIFOs are
left out.

Options:
  -r, --recursive  Copy a directory with all that is in it
      --json       Print an object: bytes, seconds
  -q, --quiet      Show no progress
  -h, --help       Show this

Examples:
  microvm cp nginx.conf web:/etc/nginx/nginx.conf
  microvm cp -r site web:/srv
  microvm cp web:/var/log/nginx/access.log .
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("cp", args, {
      recursive: { type: "boolean", short: "r", default: false },
      json: { type: "boolean", default: false },
      quiet: { type: "boolean", short: "q", default: false },
    });
    const [from, to, ...others] = words;
    if (from === undefined || to === undefined || others.length > 0) throw usage('"cp" takes two paths');
    const [source, target] = [placeOf(from), placeOf(to)];
    if ((source.vm === undefined) === (target.vm === undefined)) {
      throw usage("Exactly one of the two paths must be one of a VM, as NAME:PATH");
    }
    const vm = await findRunningVm(source.vm ?? target.vm!);
    using agent = await agentOf(vm);
    const begun = performance.now();
    let bytes = 0;
    using line = statusLine();
    const progress = {
      copied(count: number) {
        bytes += count;
        const seconds = (performance.now() - begun) / 1000;
        if (values.quiet) return;
        line.show(`${(bytes / MEBIBYTE).toFixed(1)} MiB, ${(bytes / MEBIBYTE / seconds).toFixed(1)} MiB/s`);
      },
      skipped: (path: string) => printWarning(`"${path}" is no file, directory or link, and left out`),
    };
    const copy = source.vm === undefined ? copyTo : copyFrom;
    await explainEnd(vm, () =>
      named(() => copy(agent, source.path, target.path, values.recursive, progress)),
    );
    line.clear();
    const seconds = (performance.now() - begun) / 1000;
    if (values.json) process.stdout.write(`${JSON.stringify({ bytes, seconds }, null, 2)}\n`);
    return 0;
  },
};

/** NAME:PATH, or a path of this machine. */
function placeOf(word: string): { readonly vm?: string; readonly path: string } {
  const [, vm, path] = /^([^/:]+):(.*)$/s.exec(word) ?? [];
  if (vm === undefined) return { path: word };
  return { vm, path: path === "" ? "." : path! };
}

/** What this machine's file system refuses is the person's to mend. */
async function named(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = systemCode(error);
    if (!(error instanceof Error) || code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw new MicrovmError("bad-usage", `Cannot copy: ${error.message}`, {
      hint: "Check the path on this machine",
      cause: error,
    });
  }
}

function usage(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: 'See "microvm cp --help"' });
}
