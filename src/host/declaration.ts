/** From an evaluated host to what its store path is made from. Pure. */
import { isAbsolute } from "node:path";
import { MicrovmError } from "../errors.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { HostConfig } from "../options/host.ts";
import { type HostGuest, hostConflicts, type InstalledMachine } from "../options/host-conflicts.ts";
import type { Recipe } from "../store/recipe.ts";
import type { HostSpecification, SpecifiedVm } from "./host-recipe.ts";
import type { HostMachine } from "./machine.ts";
import { userOf } from "./names.ts";

/** A VM as its host declares it. */
export type VmDeclaration = HostConfig["microvm"]["vms"][string];

/** A VM that is planned, or left as it is: then neither guest nor runner are known. */
export interface PlannedGuest {
  readonly config: GuestConfig | undefined;
  readonly runner: Recipe | null;
}

/** The deployed VMs of a host that are built now: those without `updateFlake`, and others that are not there yet. */
export function deployedNow(
  vms: Readonly<Record<string, VmDeclaration>>,
  isInstalled: (name: string) => boolean,
): { readonly name: string; readonly reference: string; readonly once: boolean }[] {
  return Object.entries(vms).flatMap(([name, { flake, updateFlake }]) => {
    if (flake === null) return [];
    const once = updateFlake !== null;
    return once && isInstalled(name) ? [] : [{ name, reference: flake, once }];
  });
}

/**
 * What a host's store path is made from. `installed` are the VMs that stay and are not planned. Errors
 * (`config-invalid`): what VMs of one host cannot all have.
 */
export function specifyHost(
  name: string,
  { microvm }: HostConfig,
  guests: ReadonlyMap<string, PlannedGuest>,
  machine: HostMachine,
  networks: HostSpecification["networks"],
  installed: readonly InstalledMachine[] = [],
): HostSpecification {
  const known = [...guests].flatMap(([vm, { config }]): HostGuest[] =>
    config ? [{ name: vm, config }] : [],
  );
  refuse([
    ...hostConflicts(known, installed),
    ...known.flatMap((guest) => tooSmall(guest, microvm.vms[guest.name]!)),
    ...known.flatMap((guest) => unasked(guest, microvm.vms[guest.name]!)),
    ...sameUsers(Object.keys(microvm.vms), machine),
  ]);
  const { host } = microvm;
  const vms = host.enable ? Object.entries(microvm.vms) : [];
  return {
    name,
    scope: machine.scope,
    isEnabled: host.enable,
    stateDirectory: machine.stateDirectory,
    storeDirectory: machine.storeDirectory,
    unitDirectory: machine.unitDirectory,
    startupTimeout: host.startupTimeout,
    ksm: host.ksm,
    autostart: microvm.autostart.filter((one) => !Object.hasOwn(microvm.vms, one)),
    bridges: [...new Set(known.flatMap(bridgesOf))].sort(),
    networks,
    vms: vms.map(([vm, declared]) => specifyVm(vm, declared, microvm.autostart, guests.get(vm)!, machine)),
  };
}

function specifyVm(
  name: string,
  declared: VmDeclaration,
  autostart: readonly string[],
  { config, runner }: PlannedGuest,
  { scope, storeDirectory }: HostMachine,
): SpecifiedVm {
  const user = scope === "system" ? userOf(name) : null;
  const { flake, updateFlake, restartIfChanged, changeLive } = declared;
  const shares = config?.microvm.shares ?? [];
  const volumes = config?.microvm.volumes ?? [];
  return {
    name,
    user,
    runner: updateFlake === null ? runner : null,
    limits: declared.limits,
    // Of what is updated by itself this host knows only the first one.
    shutdownTimeout: (updateFlake === null && config?.microvm.shutdown.timeout) || 0,
    restartIfUnresponsive: declared.restartIfUnresponsive,
    writablePaths: [
      ...volumes.filter(({ image }) => isAbsolute(image)).map(({ image }) => image),
      ...shares.filter(({ proto, readOnly }) => proto === "9p" && !readOnly).map(({ source }) => source),
    ].filter((path) => path !== storeDirectory),
    record: {
      kind: flake === null ? "config" : "flake",
      autostart: declared.autostart || autostart.includes(name),
      restartIfChanged: restartIfChanged ?? flake === null,
      changeLive,
      flake,
      updateFlake,
      user,
      shareSources: shares.map(({ source }) => source).filter((source) => source !== storeDirectory),
    },
  };
}

/** Bridges that the guest's interfaces join. */
function bridgesOf({ config }: HostGuest): string[] {
  return config.microvm.interfaces.flatMap((one) => {
    const { bridge } = one as { readonly bridge?: string | null };
    return one.type === "bridge" && bridge ? [bridge] : [];
  });
}

function tooSmall({ name, config }: HostGuest, { limits }: VmDeclaration): string[] {
  const { mem } = config.microvm;
  if (limits.memory === null || limits.memory > mem) return [];
  return [
    `"microvm.vms.${name}.limits.memory" is ${limits.memory} MiB, and its guest alone has ${mem} MiB: it needs more than that`,
  ];
}

/** A guest without an agent never answers. */
function unasked({ name, config }: HostGuest, { restartIfUnresponsive }: VmDeclaration): string[] {
  if (restartIfUnresponsive === null || config.services.qemuGuest.enable) return [];
  return [
    `"microvm.vms.${name}.restartIfUnresponsive" needs the guest's agent, and its "services.qemuGuest.enable" is false`,
  ];
}

/** Names that are told apart by case or by a mark that users' names cannot have still give different users. */
function sameUsers(names: readonly string[], { scope }: HostMachine): string[] {
  if (scope === "user") return [];
  const byUser = Map.groupBy(names, (name) => userOf(name).toLowerCase());
  return [...byUser.values()]
    .filter((same) => same.length > 1)
    .map((same) => `"${same.join('" and "')}" are too much alike: they would be run by one user`);
}

function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const text =
    faults.length === 1
      ? faults[0]!
      : `The host has ${faults.length} faults:\n${faults.map((one) => `- ${one}`).join("\n")}`;
  throw new MicrovmError("config-invalid", text);
}
