/** `microvm log`. */
import { basename } from "node:path";
import { MicrovmError } from "../errors.ts";
import { readFileSync } from "../os/files.ts";
import { printable } from "../os/printable.ts";
import { type KeptLog, keptLogs } from "../store/log.ts";
import { type Command, parseWords } from "./command.ts";
import { isTerminal } from "./output.ts";
import { directories } from "./setting.ts";

/** Prints what the last build of a store path printed. */
export const logCommand: Command = {
  name: "log",
  usage: "log PATH|NAME",
  summary: "Print the log of a store path's last build",
  help: `Prints what the programs printed that the last build of a store path ran, such as the scripts of its packages.
The store keeps that of builds that failed as well. A build that printed nothing has no log.

Usage: microvm log PATH|NAME [options]

PATH is a store path, or its name; NAME is the name without the hash, and means the path that was built last.

Options:
  -h, --help  Show this

Examples:
  microvm log trixie-base
  microvm log /var/lib/microvm/store/2m9m0npk58zcdw8kk65r0q7fw6n5j02n-trixie-base
`,
  needsRoot: false,
  async run(args) {
    const { words } = parseWords("log", args, {});
    const [wanted, ...others] = words;
    if (wanted === undefined || others.length > 0) {
      throw new MicrovmError("bad-usage", '"log" takes one store path or name', {
        hint: 'See "microvm log --help"',
      });
    }
    const store = directories().store;
    const text = readFileSync(findLog(keptLogs(store), basename(wanted), store).file, "utf8");
    process.stdout.write(isTerminal(process.stdout) ? printable(text) : text);
    return 0;
  },
};

function findLog(logs: readonly KeptLog[], wanted: string, store: string): KeptLog {
  // The name stands behind 32 characters of hash and a dash.
  const found =
    logs.find(({ name }) => name === wanted) ?? logs.find(({ name }) => name.slice(33) === wanted);
  if (found) return found;
  const known = [...new Set(logs.map(({ name }) => name.slice(33)))].slice(0, SHOWN_NAMES);
  throw new MicrovmError("log-not-found", `The store "${store}" keeps no log of "${wanted}"`, {
    hint:
      known.length === 0
        ? "No build in it has printed anything so far"
        : `A build that printed nothing has none; the latest logs are of "${known.join('", "')}"`,
  });
}

/** How many names an error suggests. */
const SHOWN_NAMES = 5;
