/** Changing a running guest beside stopping it and starting what it is to become; and the stop of an idle guest alone. */
import { join } from "node:path";
import { type GuestAgent, waitForAgent } from "../src/control/guest-agent.ts";
import { startMachine } from "../src/control/machine-process.ts";
import { consoleLines } from "../src/control/terminal.ts";
import { changeGuest } from "../src/live/change-guest.ts";
import { mkdirSync, removeTree } from "../src/os/files.ts";
import { type Benchmark, figure } from "./benchmark.ts";
import { build, changeExample, copyExample } from "./example.ts";
import type { Workspace } from "./workspace.ts";

/** Milliseconds that a boot may take at all. */
const TIME_LIMIT = 300_000;

/** What a guest gets beside what it has: a file, and a service that reads it. */
const ADDED = `config: {
  environment: { etc: { added: { text: "added" } } },
  systemd: { services: { added: { wantedBy: ["multi-user.target"], script: "cat /etc/added; exec sleep infinity" } } },`;

/** Times in seconds. A start counts until the guest's agent answers, a stop until the hypervisor has ended. */
export const live: Benchmark = {
  name: "live",
  runs: 3,
  async measure({ runs, workspace, say }) {
    const example = copyExample(workspace, "live", "no-services");
    const first = (await build(workspace, example)).stdout.trim();
    changeExample(example, /config: \{/, ADDED);
    const next = (await build(workspace, example)).stdout.trim();
    // What is only done at a first start is not measured, nor is a cold page cache.
    await (await startGuest(workspace, first)).stop();
    const [changes, restarts, stops]: [number[], number[], number[]] = [[], [], []];
    for (let run = 1; run <= runs; run++) {
      const guest = await startGuest(workspace, first);
      await settled(guest.agent);
      changes.push(await seconds(() => become(guest.agent, first, next)));
      changes.push(await seconds(() => become(guest.agent, next, first)));
      const stop = await seconds(guest.stop);
      const start = await seconds(async () => {
        await (await startGuest(workspace, next)).kill();
      });
      stops.push(stop);
      restarts.push(stop + start);
      say(
        `live ${run}/${runs}: ${[...changes.slice(-2), stop, start].map((one) => one.toFixed(1)).join(", ")}`,
      );
    }
    const note =
      "changes forth and back; the peer is a stop and a start of the same guest; two seconds are watching";
    return [
      figure("live", "a change of a running guest", changes, restarts, note),
      figure("stop", "stop of an idle guest", stops),
    ];
  },
};

async function become(agent: GuestAgent, booted: string, next: string): Promise<void> {
  await changeGuest({ name: "guest", agent, booted, perhaps: [next], next }, AbortSignal.timeout(TIME_LIMIT));
}

async function settled(agent: GuestAgent): Promise<void> {
  await agent.exec(["/usr/bin/systemctl", "is-system-running", "--wait"], {
    stdout: () => {},
    stderr: () => {},
  });
}

/** Boots a guest until its agent answers. */
async function startGuest(workspace: Workspace, runner: string) {
  const directory = join(workspace.directory, "vm");
  mkdirSync(directory, { mode: 0o700 });
  const signal = AbortSignal.any([workspace.signal, AbortSignal.timeout(TIME_LIMIT)]);
  const machine = await startMachine(runner, directory);
  const ended = machine.exited.then(() => removeTree(directory));
  const kill = async () => {
    machine.kill();
    await ended;
  };
  workspace.signal.addEventListener("abort", machine.kill, { once: true });
  try {
    const agent = await waitForAgent(machine.facts.agentSocket!, signal);
    const stop = async () => {
      agent[Symbol.dispose]();
      machine.powerOff();
      await ended;
    };
    return { agent, stop, kill };
  } catch (error) {
    await kill();
    if (workspace.signal.aborted) throw error;
    throw new Error(`The guest did not start:\n${consoleLines(machine.consoleTail(), 20)}`, { cause: error });
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
