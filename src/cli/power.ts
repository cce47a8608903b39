/** `microvm start`, `stop` and `restart`. */
import { checkNotInForeground } from "../host/foreground.ts";
import { thisMachine } from "../host/machine.ts";
import { overviewOf } from "../host/overview.ts";
import { type PowerVerb, setPower } from "../host/power.ts";
import { checkStartable, checkUnits } from "../host/startable.ts";
import type { UnitDetails } from "../host/unit-details.ts";
import { ownUid } from "../os/user-namespace.ts";
import { type Command, parseWords } from "./command.ts";
import { namedVms } from "./installed-vm.ts";
import { directories, stopSignal } from "./setting.ts";

const WORDS = {
  start: {
    summary: "Start installed VMs",
    done: "started",
    help: `Starts installed VMs by their units, with their shares and interfaces, and waits until they are up: each stage that a
guest tells is printed. One that runs already is left alone. When a VM does not start, the end of its journal is shown.`,
  },
  stop: {
    summary: "Stop installed VMs",
    done: "stopped",
    help: `Stops installed VMs: the guest is asked to power off, and ended when it does not. Those that start with the host start
again at its next boot.`,
  },
  restart: {
    summary: "Restart installed VMs",
    done: "restarted",
    help: `Restarts installed VMs, so that they run what is installed now, and waits until they are up. One that does not run is
started.`,
  },
} as const;

function powerCommand(verb: PowerVerb): Command {
  const { summary, done, help } = WORDS[verb];
  return {
    name: verb,
    usage: `${verb} NAME…`,
    summary,
    help: `${help}

Usage: microvm ${verb} NAME… [options]

Options:
  -q, --quiet  Print only warnings and errors
  -h, --help   Show this

Examples:
  microvm ${verb} web
  microvm ${verb} web db
`,
    needsRoot: false,
    async run(args) {
      const { words, values } = parseWords(verb, args, {
        quiet: { type: "boolean", short: "q", default: false },
      });
      await power(verb, words, values.quiet);
      if (!values.quiet)
        process.stdout.write(`${[...new Set(words)].map((name) => `${name}: ${done}\n`).join("")}`);
      return 0;
    },
  };
}

async function power(verb: PowerVerb, words: readonly string[], quiet: boolean): Promise<void> {
  const { store, state } = directories();
  const names = namedVms(verb, words, state);
  const machine = thisMachine(ownUid(), state, store);
  if (verb !== "stop") overviewOf(machine, undefined, (name) => names.includes(name)).forEach(checkStartable);
  checkUnits(machine);
  if (verb !== "stop") for (const name of names) await checkNotInForeground(machine, name);
  stopSignal();
  await setPower(machine, verb, names, quiet ? () => {} : printProgress);
}

/** A line on standard error for each state that a VM goes through. */
export function printProgress(name: string, { active, sub, status }: UnitDetails): void {
  const stage = status === "" ? "" : `: ${status}`;
  process.stderr.write(`${name}: ${active} (${sub})${stage}\n`);
}

/** Starts VMs. */
export const startCommand = powerCommand("start");

/** Stops VMs. */
export const stopCommand = powerCommand("stop");

/** Restarts VMs. */
export const restartCommand = powerCommand("restart");
