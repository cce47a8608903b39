/** `microvm rollback`. */
import { MicrovmError } from "../errors.ts";
import {
  checkHost,
  currentNumber,
  listGenerations,
  lockHost,
  planActivation,
  putInForce,
  readHost,
  thisMachine,
} from "../host/index.ts";
import { ownUid } from "../os/user-namespace.ts";
import { type Command, parseWords } from "./command.ts";
import { printWarning } from "./output.ts";
import { directories, stopSignal } from "./setting.ts";

/** Puts an older generation in force. */
export const rollbackCommand: Command = {
  name: "rollback",
  usage: "rollback [NUMBER]",
  summary: "Put a former result of switch in force again",
  help: `Puts a generation in force again, the host's units and its VMs: the one before the current one, or the one with this
number. Nothing is evaluated or built. Deployed VMs that are updated by themselves stay as they are.

Usage: microvm rollback [NUMBER] [options]

Options:
      --no-wait  Leave when another command is changing this host, instead of waiting for it
  -q, --quiet    Print only warnings and errors
  -h, --help     Show this

Examples:
  microvm rollback
  microvm generations && microvm rollback 3
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("rollback", args, {
      "no-wait": { type: "boolean", default: false },
      quiet: { type: "boolean", short: "q", default: false },
    });
    const { store, state } = directories();
    const machine = thisMachine(ownUid(), state, store);
    await checkHost(machine.systemd, machine.unitDirectory);
    const signal = stopSignal();
    const onStep = (text: string) => values.quiet || process.stderr.write(`${text}\n`);
    const options = { wait: !values["no-wait"], onStep, onWarning: printWarning, signal };
    await using _lock = await lockHost(machine, options);
    const { number, path } = chosen(words, state);
    const plan = await planActivation(readHost(path), machine, {
      isCurrent: number === currentNumber(state),
    });
    await putInForce({ number, isNew: false, plan, deployed: new Map() }, machine, { onStep, signal });
    if (!values.quiet) process.stdout.write(`generation ${number} is in force\n`);
    return 0;
  },
};

function chosen(words: readonly string[], state: string): { readonly number: number; readonly path: string } {
  const [text, ...others] = words;
  if (others.length > 0 || (text !== undefined && !/^[1-9]\d*$/.test(text))) {
    throw new MicrovmError(
      "bad-usage",
      `"rollback" takes the number of a generation, not "${words.join(" ")}"`,
      {
        hint: 'See "microvm generations"',
      },
    );
  }
  const all = listGenerations(state);
  const current = currentNumber(state);
  const wanted =
    text === undefined ? all.filter(({ number }) => number < current).at(-1)?.number : Number(text);
  const found = all.find(({ number }) => number === wanted);
  const hint = `The generations are ${all.map(({ number }) => number).join(", ") || "none"}; see "microvm generations"`;
  if (!found) {
    const which = wanted === undefined ? "before the current one" : `with the number ${wanted}`;
    throw new MicrovmError("generation-not-found", `There is no generation ${which}`, { hint });
  }
  if (found.path === undefined) {
    throw new MicrovmError("generation-not-found", `The store path of generation ${found.number} is gone`, {
      hint,
    });
  }
  return { number: found.number, path: found.path };
}
