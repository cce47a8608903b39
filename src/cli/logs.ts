/** `microvm logs`. */
import { MicrovmError } from "../errors.ts";
import { hasSystemd, scopeOf } from "../host/systemd.ts";
import { journalCommand } from "../host/unit-details.ts";
import { ended, spawn } from "../os/processes.ts";
import { ownUid } from "../os/user-namespace.ts";
import { type Command, parseWords } from "./command.ts";
import { namedVms } from "./installed-vm.ts";
import { directories } from "./setting.ts";

/** Shows the journal of VMs. */
export const logsCommand: Command = {
  name: "logs",
  usage: "logs NAME… [-f]",
  summary: "Show the journal of VMs: their consoles and units",
  help: `Shows what the journal has of VMs: the console, the shares' daemons, the interfaces, the installation, and what systemd
did with them.

Usage: microvm logs NAME… [options]

Options:
  -f, --follow      Go on with what comes
  -n, --lines N     Only the last N lines
      --since TIME  Only from that time on, as journalctl understands it: "-1h", "2026-01-31 12:00", "today"
      --boot        Only since the host's last boot
      --json        One object a line, as journalctl prints them
  -h, --help        Show this

Examples:
  microvm logs web -f
  microvm logs web --lines 50 --since=-1h
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("logs", args, {
      follow: { type: "boolean", short: "f", default: false },
      lines: { type: "string", short: "n" },
      since: { type: "string" },
      boot: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const { lines, since } = values;
    if (lines !== undefined && !/^\d{1,9}$/.test(lines)) {
      throw new MicrovmError("bad-usage", `"--lines" is "${lines}": it must be a number`, {
        hint: 'See "microvm logs --help"',
      });
    }
    const names = namedVms("logs", words, directories().state);
    if (!hasSystemd()) {
      throw new MicrovmError(
        "host-unsupported",
        "This machine does not run systemd, whose journal has the logs",
        {
          hint: 'What "microvm run" started keeps its console in "console.log" of the VM\'s directory',
        },
      );
    }
    const [program, ...rest] = journalCommand(scopeOf(ownUid()), names, [
      ...(values.follow ? ["--follow"] : []),
      ...(lines === undefined ? [] : [`--lines=${lines}`]),
      ...(since === undefined ? [] : [`--since=${since}`]),
      ...(values.boot ? ["--boot"] : []),
      ...(values.json ? ["--output=json"] : []),
    ]) as [string, ...string[]];
    // Ctrl-C is journalctl's to take.
    process.on("SIGINT", () => {});
    return await ended(spawn(program, rest, { stdio: ["ignore", "inherit", "inherit"] }));
  },
};
