/** When things happened in a guest, as it says itself: read by its agent, bounded, taken for no more than text. */
import type { GuestAgent } from "../control/guest-agent.ts";
import { MicrovmError } from "../errors.ts";
import { type GuestTimes, parseGuestTimes } from "./guest-report.ts";

/** The most that is read of the guest's answer, in bytes: a thousand units have about 2 MiB. */
const LONGEST_REPORT = 8 * 1024 * 1024;

/** How often the clocks are compared; the quickest answer counts. */
const COMPARISONS = 5;

/** Half of /proc/uptime's last digit, in seconds. */
const UPTIME_STEP = 0.005;

/** Prints the report that `parseGuestTimes` reads. The kernel's log is asked of the kernel: the journal may be elsewhere. */
const REPORT_SCRIPT = `
dmesg --color=never 2>/dev/null | grep -E 'Run /[^ ]* as init process|microvm: initrd: ' | head -n 100
echo
systemctl show --property=UserspaceTimestampMonotonic,FinishTimestampMonotonic,SecurityStartTimestampMonotonic,SecurityFinishTimestampMonotonic,GeneratorsStartTimestampMonotonic,GeneratorsFinishTimestampMonotonic,UnitsLoadStartTimestampMonotonic,UnitsLoadFinishTimestampMonotonic
echo
systemctl show --property=Id default.target
echo
systemctl show --property=Id,After,InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic,InactiveEnterTimestampMonotonic '*'
`;

/** What a guest says of its boot, and where the zero of its clock lies on the host's. */
export interface ReadTimes {
  readonly guest: GuestTimes;
  /** The host's clock when the guest's was zero, in seconds, and how far that may be off. */
  readonly zero: { readonly at: number; readonly uncertainty: number };
}

/** Reads both from any running guest that has systemd. `now` is the host's clock, in seconds. Errors: `guest-failed`. */
export async function readGuestTimes(
  agent: Pick<GuestAgent, "exec" | "readStart">,
  now: () => number,
  signal?: AbortSignal,
): Promise<ReadTimes> {
  const zero = await compareClocks(agent, now);
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer) => {
    length += chunk.length;
    if (length <= LONGEST_REPORT) chunks.push(chunk);
  };
  await agent.exec(
    ["/bin/sh", "-c", REPORT_SCRIPT],
    { stdout: take, stderr: () => {} },
    signal && { signal },
  );
  return { guest: parseGuestTimes(Buffer.concat(chunks).toString()), zero };
}

async function compareClocks(
  agent: Pick<GuestAgent, "exec" | "readStart">,
  now: () => number,
): Promise<ReadTimes["zero"]> {
  let best: ReadTimes["zero"] | undefined;
  for (let count = 0; count < COMPARISONS; count++) {
    const before = now();
    const text = (await agent.readStart("/proc/uptime")).toString();
    const after = now();
    const uptime = Number(/^(\d{1,12}\.\d\d) /.exec(text)?.[1]);
    if (Number.isNaN(uptime)) {
      throw new MicrovmError("guest-failed", "The guest does not say how long it has been running", {
        hint: "See the guest's console for what happened to it",
      });
    }
    const uncertainty = (after - before) / 2 + UPTIME_STEP;
    if (!best || uncertainty < best.uncertainty) best = { at: (before + after) / 2 - uptime, uncertainty };
  }
  return best!;
}
