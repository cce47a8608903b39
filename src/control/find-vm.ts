/** VMs on this machine, by the directories that they have. */
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { existsSync, readdirSync, readFileSync } from "../os/files.ts";
import { canConnect } from "../os/sockets.ts";
import { FOREGROUND_DIRECTORY, RUNNER_LINKS, runnerNames, vmNames } from "../paths.ts";

/** A VM that has a directory, whether it runs or not. */
export interface KnownVm {
  readonly name: string;
  /** Name that no other VM has: that of its directory. */
  readonly id: string;
  readonly directory: string;
  /** It is installed; else it is one of `microvm run`. */
  readonly installed: boolean;
}

/** What a running VM's runner says of it; sockets as absolute paths. */
export interface VmFacts {
  /** Absolute path, below the store. */
  readonly runner: string;
  readonly agentSocket: string | undefined;
  readonly controlSocket: string | undefined;
  readonly consoleSocket: string | undefined;
  readonly readinessSocket: string | undefined;
  /** The stage that the guest counts as up with, and the seconds that it has for each. */
  readonly readiness: { readonly stage: string; readonly timeout: number };
  /** Seconds that the guest has to power off. */
  readonly shutdownTimeout: number;
}

type SocketName = "agentSocket" | "controlSocket" | "consoleSocket" | "readinessSocket";

/** Every VM of a state directory, installed ones first. */
export function knownVms(stateDirectory: string): KnownVm[] {
  const installed = list(stateDirectory)
    .filter((id) => !id.startsWith("."))
    .map((id) => ({ id, name: id, directory: join(stateDirectory, id), installed: true }))
    .filter(({ directory }) => RUNNER_LINKS.some((link) => list(directory).includes(link)));
  const foreground = join(stateDirectory, FOREGROUND_DIRECTORY);
  const others = list(foreground).map((id) => ({
    id,
    // `microvm run` puts digits of the project behind the name.
    name: id.replace(/-[0-9a-f]{12}$/, ""),
    directory: join(foreground, id),
    installed: false,
  }));
  return [...installed, ...others];
}

/** What a VM runs from, or undefined when it does not run. */
export async function runningFacts({ directory }: KnownVm): Promise<VmFacts | undefined> {
  const runner = join(directory, vmNames.booted);
  if (!existsSync(join(runner, runnerNames.machine))) return undefined;
  const facts = factsOf(runner, directory);
  const listening = facts.controlSocket ?? facts.agentSocket;
  return listening !== undefined && (await canConnect(listening)) ? facts : undefined;
}

/** What a runner says of a VM that runs from it in a directory. */
export function factsOf(runner: string, directory: string): VmFacts {
  const { machine } = JSON.parse(readFileSync(join(runner, runnerNames.machine), "utf8")) as {
    machine: Readonly<Partial<Record<SocketName, string | null>>> &
      Partial<Pick<VmFacts, "readiness" | "shutdownTimeout">>;
  };
  const place = (name: string | null | undefined) => (name == null ? undefined : join(directory, name));
  return {
    runner,
    agentSocket: place(machine.agentSocket),
    controlSocket: place(machine.controlSocket),
    consoleSocket: place(machine.consoleSocket),
    readinessSocket: place(machine.readinessSocket),
    readiness: machine.readiness ?? { stage: "agent", timeout: 150 },
    shutdownTimeout: machine.shutdownTimeout ?? 30,
  };
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}
