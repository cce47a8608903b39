/** Installed VMs that change while they run. */
import { join } from "node:path";
import { factsOf } from "../control/find-vm.ts";
import { waitForAgent } from "../control/guest-agent.ts";
import { MicrovmError, messageOf } from "../errors.ts";
import { changeGuest, type LiveResult } from "../live/change-guest.ts";
import { compareRunners } from "../live/compare.ts";
import { type RebootReason, reasonText } from "../live/compare-runners.ts";
import { readRunner } from "../live/read-runner.ts";
import { existsSync, realpathSync } from "../os/files.ts";
import { runnerNames, vmNames } from "../paths.ts";
import { setBooted } from "./installed.ts";
import type { HostMachine } from "./machine.ts";

/** Milliseconds that a guest's agent has for its first answer. */
const AGENT_TIME = 10_000;

/** How changes are told, and what becomes of those that fail. */
export interface LiveOptions {
  readonly onStep: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** They are to be restarted instead, whatever the reason. */
  readonly restartsInstead: boolean;
}

/**
 * Makes VMs what they would start from next, all at once. Gives the names of those that need a reboot after all. Errors:
 * the first one's that failed (`live-failed`, `guest-failed`), once all have ended.
 */
export async function changeLive(
  names: readonly string[],
  machine: HostMachine,
  { onStep, signal, restartsInstead }: LiveOptions,
): Promise<readonly string[]> {
  if (names.length > 0) onStep(`change ${names.length === 1 ? names[0] : `${names.length} VMs`} live`);
  const ended = await Promise.allSettled(names.map((name) => changeInstalled(name, machine, signal)));
  const left: string[] = [];
  for (const [index, end] of ended.entries()) {
    const name = names[index]!;
    if (end.status === "fulfilled") {
      for (const line of resultLines(end.value)) onStep(`${name}: ${line}`);
    } else {
      const { reason } = end as { readonly reason: unknown };
      const isExpected = reason instanceof MicrovmError && reason.code === "reboot-needed";
      if (!isExpected && !restartsInstead) throw reason;
      onStep(messageOf(reason));
      left.push(name);
    }
  }
  return left;
}

/** Why a VM has to be rebooted that nobody can speak to; undefined when its agent may be spoken to. */
export function silentReasons(
  name: string,
  { stateDirectory }: HostMachine,
): readonly RebootReason[] | undefined {
  const directory = join(stateDirectory, name);
  const booted = join(directory, vmNames.booted);
  if (!existsSync(join(booted, runnerNames.machine)))
    return [{ option: "pkgs", why: "what it runs is not known" }];
  const { agentSocket } = factsOf(booted, directory);
  if (agentSocket !== undefined && existsSync(agentSocket)) return undefined;
  return [{ option: "services.qemuGuest.enable", why: "no agent of its guest is there" }];
}

/** Makes one running VM what it would start from next. Errors: those of `changeGuest`. */
export async function changeInstalled(
  name: string,
  { stateDirectory }: HostMachine,
  signal?: AbortSignal,
): Promise<LiveResult> {
  const directory = join(stateDirectory, name);
  const link = (which: keyof typeof vmNames) => join(directory, vmNames[which]);
  const { agentSocket } = factsOf(realpathSync(link("booted")), directory);
  if (agentSocket === undefined) {
    throw new MicrovmError(
      "reboot-needed",
      `"${name}" cannot be changed while it runs: its guest has no agent`,
      {
        hint: 'Set "services.qemuGuest.enable" to true, and restart it',
      },
    );
  }
  using agent = await answering(name, agentSocket);
  const perhaps = [link("current"), link("old")].filter((path) => existsSync(path));
  const result = await changeGuest(
    { name, agent, booted: link("booted"), perhaps, next: link("current") },
    signal,
  );
  setBooted(stateDirectory, name);
  return result;
}

async function answering(name: string, socket: string) {
  try {
    return await waitForAgent(socket, AbortSignal.timeout(AGENT_TIME));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "TimeoutError") throw error;
    throw new MicrovmError(
      "reboot-needed",
      `The guest of "${name}" does not answer, so that it cannot be changed`,
      {
        hint: `Restart it with "microvm restart ${name}"`,
        cause: error,
      },
    );
  }
}

/** Refuses what a running VM cannot become without a reboot. `runner` is a path. Errors: `reboot-needed`. */
export function checkLive(name: string, runner: string, machine: HostMachine): void {
  const booted = join(machine.stateDirectory, name, vmNames.booted);
  const reasons =
    silentReasons(name, machine) ?? compareRunners(readRunner(booted), readRunner(runner)).reasons;
  if (reasons.length === 0) return;
  throw new MicrovmError(
    "reboot-needed",
    `"${name}" cannot be changed while it runs: ${reasonText(reasons)}`,
    {
      hint: `Nothing was installed. "microvm update ${name} --restart" restarts it`,
    },
  );
}

/** For a person: what the guest had changed itself, and what counts later. */
export function resultLines({ kept, later }: LiveResult): string[] {
  return [...kept, ...(later.length > 0 ? [`counts from its next start on: ${later.join(", ")}`] : [])];
}
