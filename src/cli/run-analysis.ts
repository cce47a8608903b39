/** `microvm run --analyze`: where a boot's time went. */
import { dirname, resolve } from "node:path";
import { bootTimes, type HostTimes } from "../boot-times/boot-times.ts";
import { readGuestTimes } from "../boot-times/guest-times.ts";
import { bootPicture } from "../boot-times/picture.ts";
import { bootText } from "../boot-times/text.ts";
import { execCollected, type GuestAgent } from "../control/guest-agent.ts";
import type { MachineProcess } from "../control/machine-process.ts";
import { MicrovmError } from "../errors.ts";
import { existsSync, writeFileSync } from "../os/files.ts";

/** What a person says of the analysis. */
interface AnalysisOptions {
  readonly file: string;
  readonly json: boolean;
}

/** The host's clock: seconds since this program was started. */
const now = () => performance.now() / 1000;

/** Refuses what does not go together, and a picture that could not be written, before anything is built. */
export function checkAnalysis(values: {
  readonly analyze?: string | undefined;
  readonly exec?: string | undefined;
  readonly json: boolean;
}): void {
  const hint = 'See "microvm run --help"';
  if (values.analyze === undefined) {
    if (values.json) throw new MicrovmError("bad-usage", '"--json" needs "--analyze"', { hint });
    return;
  }
  if (values.exec !== undefined) {
    throw new MicrovmError("bad-usage", '"--analyze" and "--exec" do not go together', { hint });
  }
  checkPicture(values.analyze);
}

/** Refuses a picture that could not be written. Errors: `bad-usage`. */
export function checkPicture(file: string): void {
  if (existsSync(dirname(resolve(file))) && !file.endsWith("/")) return;
  throw new MicrovmError("bad-usage", `Cannot write the picture "${file}": it must name a file`, {
    hint: `Name a file in a directory that exists`,
  });
}

/** Keeps what the host does before the guest is up. */
export function watchHost() {
  const phases: { name: string; start: number; end: number }[] = [];
  const end = (name: string) => void phases.push({ name, start: phases.at(-1)?.end ?? 0, end: now() });
  end("start this program");
  return {
    /** Ends a phase, which began where the one before ended. */
    end,
    /** All of it, once the guest's agent answers. */
    host({ started: { helpers, hypervisor } }: MachineProcess): HostTimes {
      const shares =
        helpers === undefined ? [] : [{ name: "virtiofsd", start: helpers / 1000, end: hypervisor / 1000 }];
      return { start: 0, phases: [...phases, ...shares], hypervisor: hypervisor / 1000, ready: now() };
    },
  };
}

/** Waits until all is started, writes the picture, and prints the rest. Gives the exit status. */
export async function analyzeBoot(
  agent: GuestAgent,
  name: string,
  host: HostTimes,
  { file, json }: AnalysisOptions,
  signal: AbortSignal,
): Promise<number> {
  await execCollected(agent, ["/usr/bin/systemctl", "is-system-running", "--wait"], { signal });
  const times = bootTimes(name, await readGuestTimes(agent, now, signal), host);
  writeFileSync(file, bootPicture(times));
  process.stdout.write(json ? `${JSON.stringify(times, null, 2)}\n` : bootText(times));
  return 0;
}
