/** Booting the minimal guest, which has no services, and the peer's image of the same packages on the same machine. */
import { join } from "node:path";
import { execCollected, type GuestAgent, waitForAgent } from "../src/control/guest-agent.ts";
import { startMachine } from "../src/control/machine-process.ts";
import { consoleLines } from "../src/control/terminal.ts";
import { mkdirSync, removeTree } from "../src/os/files.ts";
import { type Benchmark, figure } from "./benchmark.ts";
import { build, changeExample, copyExample } from "./example.ts";
import { peerProblem } from "./peer.ts";
import { makePeerImage, peerRunner } from "./peer-machine.ts";
import type { Workspace } from "./workspace.ts";

/** Milliseconds that a boot may take at all. */
const TIME_LIMIT = 300_000;

/** Without hardware virtualisation on both sides, wherever the benchmark runs, unless the person asks for it. */
const accelerator = process.env.MICROVM_ACCEL === "kvm" ? "kvm" : "tcg";

/**
 * From starting the runner to the answer of the guest's agent, and to systemd's word that all is started: of a guest whose
 * layers are disks, as they are when nothing else is said and as the peer's system is, and of one that shares the host's store.
 */
export const boot: Benchmark = {
  name: "boot",
  runs: 5,
  async measure({ runs, workspace, say }) {
    process.env.MICROVM_ACCEL = accelerator;
    const example = copyExample(workspace, "boot", "no-services");
    const sharing = (await build(workspace, example)).stdout.trim();
    changeExample(example, /shares: \[.*?\],\n/s, "");
    const runner = (await build(workspace, example)).stdout.trim();
    const problem = peerProblem("mke2fs");
    const image = problem ? undefined : await makePeerImage(workspace, example);
    const peer = (keep: boolean) => image && peerRunner(runner, example, image, { accelerator, keep });
    // What is only done at a first start is not measured, nor is a cold page cache.
    for (const first of [runner, sharing, peer(true)]) {
      if (first !== undefined) await bootOnce(workspace, first, { powerOff: true });
    }
    const boots = { disks: [] as Boot[], shared: [] as Boot[], peer: [] as Boot[] };
    for (let run = 1; run <= runs; run++) {
      boots.disks.push(await bootOnce(workspace, runner));
      boots.shared.push(await bootOnce(workspace, sharing));
      const theirs = peer(false);
      if (theirs !== undefined) boots.peer.push(await bootOnce(workspace, theirs));
      const last = Object.entries(boots).flatMap(([name, all]) => {
        const one = all.at(-1);
        return one ? [`${name} ${one.agent.toFixed(1)}, ${one.started.toFixed(1)} s`] : [];
      });
      say(`boot ${run}/${runs}: ${last.join("; ")}`);
    }
    const states = `systemd says: ours ${boots.disks.at(-1)!.state}, ${boots.shared.at(-1)!.state}; peer ${boots.peer.at(-1)?.state}`;
    const note =
      problem ??
      `peer: ext4 image, stock kernel and initrd, same QEMU, plain chipset, ${accelerator}; ${states}`;
    const row = (name: string, what: string, ours: readonly Boot[], key: "agent" | "started") =>
      figure(
        name,
        what,
        ours.map((one) => one[key]),
        boots.peer.map((one) => one[key]),
        note,
      );
    return [
      row("boot", "boot until the agent answers", boots.disks, "agent"),
      row("boot-started", "boot until all is started", boots.disks, "started"),
      row("boot-shared", "the same on the host's store, until the agent answers", boots.shared, "agent"),
      row("boot-shared-started", "the same, until all is started", boots.shared, "started"),
    ];
  },
};

/** One boot. Times in seconds from the start of the runner. */
interface Boot {
  readonly agent: number;
  readonly started: number;
  /** As `systemctl is-system-running` calls it, and the units that failed. */
  readonly state: string;
}

async function bootOnce(workspace: Workspace, runner: string, { powerOff = false } = {}): Promise<Boot> {
  const directory = join(workspace.directory, "vm");
  mkdirSync(directory, { mode: 0o700 });
  const signal = AbortSignal.any([workspace.signal, AbortSignal.timeout(TIME_LIMIT)]);
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const machine = await startMachine(runner, directory);
  const early = machine.exited.then(() => {
    throw new Error(`The guest ended early:\n${consoleLines(machine.consoleTail(), 20)}`);
  });
  early.catch(() => {});
  try {
    using agent = await Promise.race([waitForAgent(machine.facts.agentSocket!, signal), early]);
    const answered = seconds();
    const waited = execCollected(agent, ["/usr/bin/systemctl", "is-system-running", "--wait"], { signal });
    const { stdout } = await Promise.race([waited, early]);
    const started = seconds();
    const state = stdout.toString().trim();
    const failed =
      state === "running" ? "" : await commandOutput(agent, ["/usr/bin/systemctl", "--failed", "--plain"]);
    if (powerOff) {
      // The agent may be gone before it can answer.
      execCollected(agent, ["/usr/bin/systemctl", "poweroff", "--no-block"], { signal }).catch(() => {});
      await Promise.race([machine.exited, abortedBy(signal)]);
    }
    const units = failed.match(/^\S+\.\w+(?= )/gm) ?? [];
    return { agent: answered, started, state: [state, ...units].join(" ") };
  } catch (error) {
    if (workspace.signal.aborted) throw error;
    throw new Error(`The guest did not start:\n${consoleLines(machine.consoleTail(), 20)}`, { cause: error });
  } finally {
    machine.kill();
    await machine.exited;
    await removeTree(directory);
  }
}

async function commandOutput(agent: GuestAgent, command: readonly string[]): Promise<string> {
  return (await execCollected(agent, command)).stdout.toString();
}

function abortedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
