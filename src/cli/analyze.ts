/** `microvm analyze`. */
import { bootTimes } from "../boot-times/boot-times.ts";
import { readGuestTimes } from "../boot-times/guest-times.ts";
import { bootPicture } from "../boot-times/picture.ts";
import { bootText } from "../boot-times/text.ts";
import { MicrovmError } from "../errors.ts";
import { writeFileSync } from "../os/files.ts";
import { type Command, parseWords } from "./command.ts";
import { checkPicture } from "./run-analysis.ts";
import { agentOf, explainEnd, findRunningVm } from "./running-vm.ts";

/** Shows where the boot of a running VM went. */
export const analyzeCommand: Command = {
  name: "analyze",
  usage: "analyze NAME [--picture FILE]",
  summary: "Show where the boot of a running VM went",
  help: `Asks a running guest when its kernel, its initrd and its units were at work, and prints it: every unit that took time,
and the chain of units that the target waited for. What the host did before the guest's kernel started is known to
"microvm run --analyze" only, which boots a VM for it.

Usage: microvm analyze [options] NAME

NAME is a VM that runs: an installed one, or one of "microvm run".

Options:
  -p, --picture FILE  Write it as a picture (SVG) to FILE as well
      --json          Print it as an object, times in seconds
  -h, --help          Show this

Examples:
  microvm analyze web
  microvm analyze web --picture boot.svg
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("analyze", args, {
      picture: { type: "string", short: "p" },
      json: { type: "boolean", default: false },
    });
    const [name, ...others] = words;
    if (name === undefined || others.length > 0) {
      throw new MicrovmError("bad-usage", '"analyze" takes the name of one VM', {
        hint: 'See "microvm analyze --help"',
      });
    }
    if (values.picture !== undefined) checkPicture(values.picture);
    const vm = await findRunningVm(name);
    using agent = await agentOf(vm);
    const now = () => performance.now() / 1000;
    const times = bootTimes(vm.name, await explainEnd(vm, () => readGuestTimes(agent, now)), undefined);
    if (values.picture !== undefined) writeFileSync(values.picture, bootPicture(times));
    process.stdout.write(values.json ? `${JSON.stringify(times, null, 2)}\n` : bootText(times));
    return 0;
  },
};
