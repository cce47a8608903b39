/** Brings a change into a running guest, and waits for what comes of it. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { execCollected, type GuestAgent } from "../control/guest-agent.ts";
import { tarOf } from "../control/tar-writer.ts";
import { MicrovmError } from "../errors.ts";
import { mkdtempSync, removeTree } from "../os/files.ts";
import { printable } from "../os/printable.ts";
import { writeBundle } from "./bundle.ts";
import { compareRunners } from "./compare.ts";
import { reasonText } from "./compare-runners.ts";
import { LIVE_DIRECTORY, LIVE_UNIT } from "./guest-script.ts";
import { isEmpty, type LiveChange } from "./plan-change.ts";
import { readRunner, type StoredRunner } from "./read-runner.ts";

/** A running VM, and what it is to become. Paths of runners, or of links to them. */
export interface LiveTarget {
  readonly name: string;
  readonly agent: GuestAgent;
  /** What it was started from, or became since. */
  readonly booted: string;
  /** Others that it may have become by a change whose end nobody saw. */
  readonly perhaps: readonly string[];
  readonly next: string;
}

/** What became of a change. */
export interface LiveResult {
  /** What of it counts from the next start on: units and options. */
  readonly later: readonly string[];
  /** For a person: what the guest had changed itself. */
  readonly kept: readonly string[];
}

/** Seconds that the guest has for the change; then it goes back by itself. */
const CHANGE_TIME = 300;

/** Seconds that it has for the way back. */
const RETURN_TIME = 120;

/** Milliseconds between looks at the guest. Its agent writes a line to the journal for each. */
const LOOK_TIME = 400;

/** How much is read of what a guest says, and shown of it: characters. */
const LONGEST_RESULT = 64 * 1024;
const LONGEST_REASON = 600;

/** Minutes that the directory of a change is kept: longer than anybody waits for its result. */
const KEPT_TIME = 15;

/**
 * Arguments: directory of the change, its unit. The archive comes in by standard input; its dates are left alone, since
 * tar complains of each that is later than a guest's clock.
 */
const START_SCRIPT = `
umask 077
mkdir -p "\${1%/*}"
find "\${1%/*}" -maxdepth 1 -name 'change-*' -mmin +${KEPT_TIME} -exec rm -rf {} +
mkdir "$1" && tar -x -m -f - -C "$1" --strip-components=1 || exit 1
systemd-run --quiet --collect --unit="$2" --service-type=exec \\
  -p RuntimeMaxSec=${CHANGE_TIME} -p TimeoutStopSec=${RETURN_TIME} -p "ExecStopPost=/bin/sh $1/change.sh $1 finish" \\
  /bin/sh "$1/change.sh" "$1" run || { rm -rf "$1"; exit 75; }
`;

/**
 * Makes a running guest what another runner would boot. It is that afterwards, or what it was before. Errors:
 * `reboot-needed` when options ask for one, `live-failed` when it went back, `guest-failed`.
 */
export async function changeGuest(target: LiveTarget, signal?: AbortSignal): Promise<LiveResult> {
  const { name, agent } = target;
  const next = readRunner(target.next);
  const former = await formerRunner(target);
  if (former.name === next.name) return { later: [], kept: [] };
  const { reasons, change } = compareRunners(former, next);
  if (!change) {
    throw new MicrovmError(
      "reboot-needed",
      `"${name}" cannot be changed while it runs: ${reasonText(reasons)}`,
      {
        hint: `Restart it with "microvm restart ${name}"`,
      },
    );
  }
  if (isEmpty(change)) return { later: [], kept: [] };
  return resultOf(name, change, await inGuest(name, agent, change, next.name, signal));
}

/** What the guest says that it has become, as far as that can be; else what it was started from. */
async function formerRunner({ agent, booted, perhaps }: LiveTarget): Promise<StoredRunner> {
  const { stdout } = await execCollected(agent, ["cat", `${LIVE_DIRECTORY}/applied`]);
  const said = stdout.toString().trim();
  const known = [booted, ...perhaps].map((path) => readRunner(path));
  return known.find(({ name }) => name === said) ?? known[0]!;
}

/** Runs the change; gives the text of its result. */
async function inGuest(
  name: string,
  agent: GuestAgent,
  change: LiveChange,
  runner: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const directory = `${LIVE_DIRECTORY}/change-${randomUUID()}`;
  const bundle = mkdtempSync(join(tmpdir(), "microvm-live-"));
  try {
    writeBundle(bundle, change, runner);
    const input = Readable.from(tarOf(bundle, "change", { copied: () => {}, skipped: () => {} }), {
      objectMode: false,
    });
    await begin(agent, name, { directory, input, signal });
  } finally {
    await removeTree(bundle);
  }
  return await resultFrom(agent, name, { directory, signal });
}

interface Begun {
  readonly directory: string;
  readonly signal: AbortSignal | undefined;
}

/** Starts the change. The agent may be started anew by that very change: its silence then is no failure. */
async function begin(
  agent: GuestAgent,
  name: string,
  { directory, input, signal }: Begun & { readonly input: Readable },
): Promise<void> {
  const command = ["/bin/sh", "-c", START_SCRIPT, "sh", directory, LIVE_UNIT];
  const begun = await execCollected(agent, command, { input, signal }).catch(() => undefined);
  signal?.throwIfAborted();
  if (begun === undefined || (begun.code !== 75 && begun.code !== 1)) return;
  throw new MicrovmError(
    "live-failed",
    `"${name}" cannot begin a change: ${shown(begun.stderr.toString())}`,
    { hint: "Wait until another change of it has ended; nothing was changed" },
  );
}

/** Looks for the result until it is there. No program of the guest is started for that, which would slow the change. */
async function resultFrom(agent: GuestAgent, name: string, { directory, signal }: Begun): Promise<string> {
  const path = `${directory}/result`;
  const end = Date.now() + (CHANGE_TIME + RETURN_TIME) * 1000;
  while (Date.now() < end) {
    await delay(LOOK_TIME, undefined, { ...(signal && { signal }) });
    const text = (await agent.readStart(path).catch(() => Buffer.alloc(0))).toString();
    if (text.endsWith("\n")) return text;
    // It is there, and longer than what is read of it so.
    if (text !== "") {
      const { stdout } = await execCollected(agent, ["cat", path], { signal });
      return stdout.toString().slice(0, LONGEST_RESULT);
    }
  }
  throw new MicrovmError("guest-failed", `The guest of "${name}" does not say what became of its change`, {
    hint: `See "journalctl -u ${LIVE_UNIT}" in it`,
  });
}

function resultOf(name: string, { units }: LiveChange, text: string): LiveResult {
  const [outcome, ...lines] = text.trim().split("\n");
  const said = (kind: string) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => shown(line.slice(kind.length + 1)));
  if (outcome === "changed") return { later: units.later, kept: said("kept") };
  const why = [...said("reason"), ...said("log"), ...said("trouble")].join("; ") || "it did not say why";
  if (outcome === "returned") {
    throw new MicrovmError("live-failed", `"${name}" went back to its former configuration: ${why}`, {
      hint: "It runs on as it was; mend what the message names and try again",
    });
  }
  throw new MicrovmError(
    "live-failed",
    `"${name}" could not be changed, and not all of it went back: ${why}`,
    {
      hint: `Restart it with "microvm restart ${name}": it then starts from what is installed`,
    },
  );
}

function shown(text: string): string {
  return printable(text).trim().slice(0, LONGEST_REASON);
}
