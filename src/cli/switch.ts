/** `microvm switch`. */
import { hostname } from "node:os";
import { MicrovmError } from "../errors.ts";
import { applySwitch, checkHost, evaluateSwitch, lockHost, planSwitch, thisMachine } from "../host/index.ts";
import { ownUid } from "../os/user-namespace.ts";
import { configDirectory } from "../paths.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { agreed } from "./agreed.ts";
import { QUIET_OPTION } from "./build-with-progress.ts";
import { type Command, parseWords } from "./command.ts";
import { printWarning } from "./output.ts";
import { progressReporter } from "./progress.ts";
import { findProjectFor } from "./project.ts";
import { directories, keepDirectories, stopSignal } from "./setting.ts";
import { switchObject, switchText } from "./switch-text.ts";

/** Exit status of `--dry-run` when there is something to do. */
const PENDING = 3;

/** Makes this machine what its host's declaration says. */
export const switchCommand: Command = {
  name: "switch",
  usage: "switch [PROJECT[#HOST]] [--yes | --dry-run]",
  summary: "Make this machine what its declaration says",
  help: `Evaluates a host, builds all its VMs together, prints what would change and why, and makes it so: units of
systemd, the VMs' directories, and what runs. Everything is built first. When a step fails, the generation before is in
force again. On a terminal it asks before it begins.

The project is /etc/microvm (a user's is ~/.config/microvm) when none is named. The host is the one behind "#", else
the one with this machine's name, else "default".

Usage: microvm switch [PROJECT[#HOST]] [options]

Options:
  -y, --yes      Do not ask
      --dry-run  Only print what would change; the exit status is 0 when nothing would, else 3
      --no-wait  Leave when another command is changing this host, instead of waiting for it
  -q, --quiet    Print no progress, only the plan, warnings and errors
      --json     Print the plan as an object
  -h, --help     Show this

Examples:
  microvm switch
  microvm switch --dry-run --json
  microvm switch path/to/project#server --yes
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("switch", args, {
      yes: { type: "boolean", short: "y", default: false },
      "dry-run": { type: "boolean", default: false },
      "no-wait": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      ...QUIET_OPTION,
    });
    const { store, state } = directories();
    const machine = thisMachine(ownUid(), state, store);
    await checkHost(machine.systemd, machine.unitDirectory);
    const signal = stopSignal();
    await using roots = openTemporaryRoots(store);
    roots.begin();
    const project = await findProjectFor(projectOf(words), {
      ...{ quiet: values.quiet, storeDirectory: store, signal, roots },
    });
    const watched = async <T>(work: (reporter: ReturnType<typeof progressReporter>) => Promise<T>) => {
      using reporter = progressReporter({ quiet: values.quiet });
      return await work(reporter);
    };
    const common = { machine, project, hostName: hostname(), roots, signal };
    const evaluated = await watched((reporter) => evaluateSwitch({ ...common, reporter }));
    const dryRun = values["dry-run"];
    const onStep = (text: string) => values.quiet || process.stderr.write(`${text}\n`);
    const options = { wait: !values["no-wait"], onStep, onWarning: printWarning, signal };
    await using _lock = dryRun ? undefined : await lockHost(evaluated.machine, options);
    const plan = await planSwitch(evaluated);
    process.stdout.write(values.json ? `${JSON.stringify(switchObject(plan), null, 2)}\n` : switchText(plan));
    const { isPending } = plan.activation;
    if (dryRun) return isPending ? PENDING : 0;
    if (!isPending) return 0;
    if (!values.yes && !(await agreed("Go on?", signal)))
      throw new MicrovmError("interrupted", "Nothing was changed");
    const number = await watched((reporter) => applySwitch(plan, { roots, signal, reporter }));
    const { namesDirectories, machine: named } = evaluated;
    keepDirectories(namesDirectories ? { store: named.storeDirectory, state: named.stateDirectory } : null);
    if (!values.json) process.stdout.write(`generation ${number} is in force\n`);
    return 0;
  },
};

/** The project's reference; without one, or with the host's name alone, it is this machine's own. */
function projectOf(words: readonly string[]): string {
  const [reference = "", ...others] = words;
  if (others.length > 0) {
    throw new MicrovmError("bad-usage", `"switch" takes one project, not "${words.join('" and "')}"`, {
      hint: 'See "microvm switch --help"',
    });
  }
  const isOwn = reference === "" || reference.startsWith("#");
  return isOwn ? `${configDirectory(process.env, ownUid())}${reference}` : reference;
}
