/** Units and drop-ins of one declared VM. */
import { DECLARED_DROP_IN, GENERATIONS_DIRECTORY, hostNames, vmNames } from "../paths.ts";
import type { HostFile } from "./host-record.ts";
import { generationScript, type UnitSettings } from "./host-units.ts";
import { installUnit, RECOVER_UNIT, STORE_GROUP, sliceOf, TEMPLATES, unitOf } from "./names.ts";
import { signed, unitPath, unitText, unitWord } from "./unit-text.ts";
import { watchTexts, watchTimer } from "./watch-units.ts";

/** What a host gives a VM at most; null is unlimited. */
export interface Limits {
  /** MiB. */
  readonly memory: number | null;
  /** Percent of one CPU. */
  readonly cpu: number | null;
  readonly cpuWeight: number | null;
  readonly ioWeight: number | null;
  /** Bytes a second, by a path on the device. */
  readonly ioReadBandwidth: Readonly<Record<string, number>>;
  readonly ioWriteBandwidth: Readonly<Record<string, number>>;
  readonly tasks: number | null;
}

/** A declared VM, as far as its units go. */
export interface DeclaredVm {
  readonly name: string;
  readonly limits: Limits;
  /** Null in a user's own systemd. */
  readonly user: string | null;
  /** Seconds that the guest has to power off. */
  readonly shutdownTimeout: number;
  /** Seconds without an answer after which it is restarted; null: never. */
  readonly restartIfUnresponsive: number | null;
  /** Absolute paths outside of its directory that its hypervisor writes to. */
  readonly writablePaths: readonly string[];
}

/** By path below the directory of units. */
export function declaredUnits(vm: DeclaredVm, settings: UnitSettings): ReadonlyMap<string, HostFile> {
  const slice = sliceOf(vm.name);
  const texts = {
    [installUnit(vm.name)]: installText(vm, settings),
    [slice]: sliceText(vm),
    // The others are over before the VM starts.
    [dropIn(unitOf(vm.name))]: mainDropIn(vm, slice, settings),
    [dropIn(unitOf(vm.name, "microvm-virtiofsd"))]: unitText({ Service: { Slice: slice } }),
    ...(vm.restartIfUnresponsive !== null && watchTexts(vm, vm.restartIfUnresponsive, settings)),
  };
  return new Map(Object.entries(texts).map(([path, text]) => [path, { text: signed(text) }]));
}

function dropIn(unit: string): string {
  return `${unit}.d/${DECLARED_DROP_IN}`;
}

/** Runs when the VM is not there: what is there was installed by a switch, or by an update that a start must not undo. */
function installText({ name }: DeclaredVm, settings: UnitSettings): string {
  const state = unitPath(settings.stateDirectory);
  return unitText({
    Unit: {
      Description: `Installation of microVM '${name}'`,
      Before: TEMPLATES.map((template) => unitOf(name, template)).join(" "),
      After: RECOVER_UNIT,
      PartOf: unitOf(name),
      RequiresMountsFor: `${unitWord(state)} ${unitWord(unitPath(settings.storeDirectory))}`,
      ConditionPathExists: [`${state}/${GENERATIONS_DIRECTORY}`, `!${state}/${name}/${vmNames.current}`],
    },
    Service: {
      Type: "oneshot",
      ExecStart: `/bin/sh ${generationScript(settings.stateDirectory, `${hostNames.install}${name}`)}`,
    },
  });
}

/** What `microvm-shutdown` takes beyond the guest's time, generously: its last word, and the hypervisor's own end. */
const SHUTDOWN_MARGIN = 15;

function mainDropIn(
  { name, user, writablePaths, shutdownTimeout, restartIfUnresponsive }: DeclaredVm,
  slice: string,
  { startupTimeout }: UnitSettings,
): string {
  // The home directories are hidden otherwise.
  const isHome = writablePaths.some((path) => /^\/(home|root|run\/user)\//.test(path));
  const install = installUnit(name);
  return unitText({
    Unit: {
      Wants: restartIfUnresponsive === null ? install : [install, watchTimer(name)],
      After: install,
    },
    Service: {
      Slice: slice,
      TimeoutStopSec: Math.max(startupTimeout, shutdownTimeout + SHUTDOWN_MARGIN),
      ...(user !== null && {
        User: user,
        Group: user,
        SupplementaryGroups: `kvm ${STORE_GROUP}`,
        ProtectHome: isHome ? "no" : null,
        ReadWritePaths: writablePaths.map((path) => unitWord(`-${unitPath(path)}`)),
      }),
    },
  });
}

function sliceText({ name, limits }: DeclaredVm): string {
  const perDevice = (all: Readonly<Record<string, number>>) =>
    Object.entries(all).map(([path, bytes]) => `${unitWord(unitPath(path))} ${bytes}`);
  const { memory, cpu } = limits;
  return unitText({
    Unit: { Description: `microVM '${name}'` },
    Slice: {
      MemoryMax: memory === null ? null : `${memory}M`,
      // What is over the limit would go to the host's swap instead.
      MemorySwapMax: memory === null ? null : 0,
      CPUQuota: cpu === null ? null : `${cpu}%`,
      CPUWeight: limits.cpuWeight,
      IOWeight: limits.ioWeight,
      IOReadBandwidthMax: perDevice(limits.ioReadBandwidth),
      IOWriteBandwidthMax: perDevice(limits.ioWriteBandwidth),
      TasksMax: limits.tasks,
    },
  });
}
