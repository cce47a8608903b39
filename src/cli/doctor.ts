/** `microvm doctor`. */
import { examine, type Finding } from "../host/doctor.ts";
import { machineState } from "../host/doctor-facts.ts";
import { type Command, parseNoWords } from "./command.ts";
import { ownMachine } from "./host-setting.ts";
import { isTerminal, painter } from "./output.ts";

/** Tells what a machine has and lacks. */
export const doctorCommand: Command = {
  name: "doctor",
  usage: "doctor [--json]",
  summary: "Tell what this machine has and lacks for VMs",
  help: `Looks whether this machine and this user have what VMs need: subordinate ids, store and state directory, disk space,
overlayfs, KVM, devices for networks, systemd, units, git. Each thing that is missing has its cure beside it. Nothing is
changed. The exit status is 1 when VMs cannot be built or run at all.

Usage: microvm doctor [options]

Options:
      --json  Print an object: healthy, and findings with what, verdict ("ok", "note", "fault"), found, cure
  -h, --help  Show this

Examples:
  microvm doctor
  microvm doctor --json | jq '.findings[] | select(.verdict != "ok")'
`,
  needsRoot: false,
  async run(args) {
    const { json } = parseNoWords("doctor", args, { json: { type: "boolean", default: false } });
    const findings = examine(await machineState(ownMachine()));
    const healthy = findings.every(({ verdict }) => verdict !== "fault");
    if (json) process.stdout.write(`${JSON.stringify({ healthy, findings }, null, 2)}\n`);
    else process.stdout.write(findings.map(findingText).join(""));
    return healthy ? 0 : 1;
  },
};

function findingText({ what, verdict, found, cure }: Finding): string {
  const paint = painter(isTerminal(process.stdout) && !process.env.NO_COLOR);
  const colour = ({ ok: "dim", note: "yellow", fault: "red" } as const)[verdict];
  const line = `${paint(colour, verdict.padEnd(5))}  ${what}: ${found}\n`;
  return cure === null ? line : `${line}       ${cure}\n`;
}
