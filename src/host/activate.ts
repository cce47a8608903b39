/** Puts a host in force: the steps, in order. Each may fail; whoever calls undoes them then. */
import { join } from "node:path";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { chmodSync, chownSync, existsSync, mkdirSync, readlinkSync } from "../os/files.ts";
import { run, runToEnd } from "../os/processes.ts";
import { vmNames } from "../paths.ts";
import type { ActivationPlan } from "./activation.ts";
import { changeLive } from "./change-live.ts";
import type { VmChange } from "./changes.ts";
import { forgetNetworkFiles, startNetworks, stopFormer } from "./declared-networks.ts";
import type { HostRecord, RecordedVm } from "./host-record.ts";
import { install } from "./installed.ts";
import { groupNumber, groupNumbers, type HostMachine } from "./machine.ts";
import { STORE_GROUP, unitOf } from "./names.ts";
import type { Systemd, UnitState } from "./systemd.ts";
import { applyFiles } from "./unit-files.ts";

/** What an activation is told, beside its plan. */
export interface ActivationOptions {
  /** Told of each step that may take a while. */
  readonly onStep: (text: string) => void;
  /** Runners of deployed VMs that are installed this once, by name; absolute paths. */
  readonly deployed: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** A VM that cannot be changed while it runs is restarted, whatever the reason. */
  readonly restartsInstead?: boolean;
}

/** Makes the machine what the plan says. Errors: `host-failed`, `permission-denied`, `command-failed`. */
export async function activate(
  plan: ActivationPlan,
  machine: HostMachine,
  { onStep, deployed, signal, restartsInstead = false }: ActivationOptions,
): Promise<void> {
  const { target, units, etc, vms } = plan;
  const named = (unit: VmChange["unit"]) => vms.filter((vm) => vm.unit === unit).map(({ name }) => name);
  const tell = async (verb: "stop" | "restart" | "start", names: readonly string[]) => {
    if (names.length === 0) return;
    onStep(`${verb} ${names.length === 1 ? names[0] : `${names.length} VMs`}`);
    await told(machine.systemd, verb, names);
  };
  // By the units that they were started with.
  await tell("stop", named("stop"));
  await stopFormer(units, machine);
  explaining("Cannot write the host's units", () => {
    applyFiles(machine.unitDirectory, units, target.units);
    if (machine.etcDirectory !== undefined) applyFiles(machine.etcDirectory, etc, target.etc);
  });
  if (etc.written.length > 0) await applySettings(etc.written, machine);
  if (etc.removed.some((path) => path.startsWith("systemd/network/"))) await forgetNetworkFiles();
  openStoreToVms(machine);
  if (units.written.length + units.removed.length + units.kept.length > 0) {
    await machine.systemd.control(["daemon-reload"]);
  }
  installVms(target.record, machine, deployed);
  signal?.throwIfAborted();
  await startNetworks(target, machine);
  const left = await changeLive(named("change"), machine, { onStep, signal, restartsInstead });
  await tell("restart", [...named("restart"), ...left]);
  await tell("start", named("start"));
}

/** What the system refuses is an error that says what it was for. */
function explaining(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (systemCode(error) === undefined || error instanceof MicrovmError) throw error;
    throw new MicrovmError("host-failed", `${what}: ${messageOf(error)}`, {
      hint: "Look at what is in the way there, and run the command again",
      cause: error,
    });
  }
}

/** Users, directories and modules. Where nobody can load modules they are there already, or nothing needs them. */
async function applySettings(written: readonly string[], { etcDirectory }: HostMachine): Promise<void> {
  const place = (path: string) => join(etcDirectory!, path);
  const changed = (path: string) => written.includes(path);
  if (changed("sysusers.d/microvm.conf")) await run(["systemd-sysusers", place("sysusers.d/microvm.conf")]);
  if (changed("tmpfiles.d/microvm.conf")) {
    await run(["systemd-tmpfiles", "--create", place("tmpfiles.d/microvm.conf")]);
  }
  if (changed("modules-load.d/microvm.conf")) {
    await runToEnd(["modprobe", "--all", "--quiet", "tun", "vhost_net", "vhost_vsock"]).catch(() => {});
  }
}

/**
 * Lets the VMs' users through the store's directory, whose names they cannot list, and nobody else: layers hold set-uid
 * programs, which their units cannot make use of.
 */
function openStoreToVms({ scope, storeDirectory }: HostMachine): void {
  if (scope !== "system") return;
  const group = groupNumber(STORE_GROUP);
  if (group === undefined) return;
  chownSync(storeDirectory, 0, group);
  chmodSync(storeDirectory, 0o710);
}

function installVms(record: HostRecord, machine: HostMachine, deployed: ReadonlyMap<string, string>): void {
  const groups = groupNumbers();
  for (const [name, vm] of Object.entries(record.vms)) {
    const runner = runnerOf(name, vm, machine, deployed);
    if (runner === undefined) continue;
    const group = vm.user === null ? undefined : groups.get(vm.user);
    if (vm.user !== null && group === undefined) {
      throw new MicrovmError("host-failed", `The user "${vm.user}" of "${name}" was not made`, {
        hint: "See what systemd-sysusers says of /etc/sysusers.d/microvm.conf",
      });
    }
    const flake = vm.kind === "flake" ? (vm.updateFlake ?? vm.flake ?? undefined) : undefined;
    explaining(`Cannot install "${name}" in "${join(machine.stateDirectory, name)}"`, () => {
      install({ stateDirectory: machine.stateDirectory, name, runner, flake, group });
      for (const source of vm.shareSources) makeShare(source);
    });
  }
}

/** What a VM is installed from; undefined for one that is left as it is and has nothing. */
function runnerOf(
  name: string,
  vm: RecordedVm,
  { storeDirectory, stateDirectory }: HostMachine,
  deployed: ReadonlyMap<string, string>,
): string | undefined {
  if (vm.runner !== null) return join(storeDirectory, vm.runner);
  const now = deployed.get(name);
  if (now !== undefined) return now;
  const link = join(stateDirectory, name, vmNames.current);
  return existsSync(link) ? readlinkSync(link) : undefined;
}

/** As microvm.nix makes them. */
function makeShare(source: string): void {
  if (existsSync(source)) return;
  mkdirSync(source, { recursive: true });
  chmodSync(source, 0o775);
}

/** Tells VMs' units something, and waits until it is done: a VM has started when its guest says that it is up. */
async function told(systemd: Systemd, verb: string, names: readonly string[]): Promise<void> {
  try {
    await systemd.control([verb, ...names.map((name) => unitOf(name))]);
  } catch (error) {
    const states = await systemd.vmStates();
    const fallen = names.filter((name) => hasFailed(states.get(name)));
    if (verb === "stop" || fallen.length === 0) throw error;
    throw new MicrovmError("host-failed", `Not running after its start: "${fallen.join('", "')}"`, {
      hint: `See "journalctl -u ${unitOf(fallen[0]!)}"`,
      cause: error,
    });
  }
}

/** Whether it could not start, and is tried again after a while or not at all. */
function hasFailed(state: UnitState | undefined): boolean {
  return state?.active === "failed" || (state?.sub.startsWith("auto-restart") ?? false);
}
