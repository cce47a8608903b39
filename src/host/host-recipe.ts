/** From a host's declaration to its store path: units, scripts, links to runners. A pure function. */
import { hostNames } from "../paths.ts";
import { type FileEntry, filesRecipe } from "../store/files.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";
import { filesOfNetworks, type SpecifiedNetwork } from "./declared-networks.ts";
import { type DeclaredVm, declaredUnits } from "./declared-units.ts";
import type { HostFile, HostRecord, HostTarget, RecordedVm } from "./host-record.ts";
import { installScript, recoverScript, waitForSharesScript } from "./host-scripts.ts";
import { hostUnits, type UnitSettings } from "./host-units.ts";
import { COMMON_USER, STORE_GROUP, unitOf } from "./names.ts";
import { signed } from "./unit-text.ts";

/** A VM of a host to be built. */
export interface SpecifiedVm extends DeclaredVm {
  readonly record: Omit<RecordedVm, "runner" | "system">;
  /** Null for a deployed VM that is updated by itself: it is installed once, and not by the host's store path. */
  readonly runner: Recipe | null;
}

/** A host to be built. */
export interface HostSpecification extends UnitSettings {
  readonly name: string;
  /** Otherwise it has no units at all. */
  readonly isEnabled: boolean;
  /** Absolute path of systemd's directory of units. */
  readonly unitDirectory: string;
  readonly vms: readonly SpecifiedVm[];
  /** More VMs that start with the host. */
  readonly autostart: readonly string[];
  readonly ksm: boolean;
  /** Bridges of the host that VMs may join by themselves. */
  readonly bridges: readonly string[];
  readonly networks: readonly SpecifiedNetwork[];
}

/** A host's recipe, and what it makes of a machine. */
export interface PlannedHost {
  readonly recipe: Recipe;
  readonly target: HostTarget;
}

/** Plans the store path `microvm-host-NAME`. */
export function planHost(host: HostSpecification): PlannedHost {
  const record = recordOf(host);
  const networks = filesOfNetworks(host.networks, host.storeDirectory);
  const units = new Map<string, HostFile>([
    ...(host.isEnabled ? hostUnits(host, startedUnits(record)) : []),
    ...host.vms.flatMap((vm) => [...declaredUnits(vm, host)]),
    ...networks.units,
  ]);
  const hasEtc = host.isEnabled && host.scope === "system";
  const etc = new Map<string, HostFile>(hasEtc ? [...etcFiles(host), ...networks.etc] : []);
  const runners = host.vms.flatMap(({ name, runner }) => (runner ? [{ name, runner }] : []));
  const { stateDirectory } = host;
  const scripts: Record<string, string> = {
    [hostNames.recover]: recoverScript(host.scope, stateDirectory, host.unitDirectory),
    [hostNames.waitForShares]: waitForSharesScript(stateDirectory),
  };
  for (const [name, vm] of Object.entries(record.vms)) {
    scripts[`${hostNames.install}${name}`] = installScript(name, vm, stateDirectory);
  }
  const entries: FileEntry[] = [
    ...fileEntries(hostNames.units, units),
    ...fileEntries(hostNames.etc, etc),
    { path: hostNames.units, type: "directory" },
    { path: hostNames.etc, type: "directory" },
    ...Object.entries(scripts).map(([path, text]): FileEntry => ({ path, type: "file", text, mode: 0o755 })),
    ...runners.map(
      ({ name, runner }): FileEntry => ({
        path: `${hostNames.vms}/${name}`,
        type: "symlink",
        target: `../../${storePathName(runner)}`,
      }),
    ),
    { path: hostNames.record, type: "file", text: `${JSON.stringify(record, null, 1)}\n` },
  ];
  const recipe = filesRecipe(`microvm-host-${host.name}`, entries, {
    runners: runners.map(({ runner }) => runner),
    ...(host.networks.length > 0 && { networks: host.networks.map(({ recipe }) => recipe) }),
  });
  return { recipe, target: { record, units, etc } };
}

/** Units that start with the host: VMs, and the installation of those that do not start. */
function startedUnits({ vms, autostart }: HostRecord): string[] {
  const own = Object.entries(vms).map(([name, vm]) =>
    vm.autostart ? unitOf(name) : `install-microvm-${name}.service`,
  );
  return [...new Set([...own, ...autostart.map((name) => unitOf(name))])];
}

function recordOf(host: HostSpecification): HostRecord {
  const vms = host.vms.map(({ name, record, runner }): readonly [string, RecordedVm] => {
    const system = runner?.inputs.system as Recipe | undefined;
    return [
      name,
      {
        ...record,
        runner: runner && storePathName(runner),
        system: system ? storePathName(system) : null,
      },
    ];
  });
  return {
    version: 1,
    name: host.name,
    scope: host.scope,
    stateDirectory: host.stateDirectory,
    vms: Object.fromEntries(vms),
    autostart: host.autostart,
  };
}

/** What the host needs below `/etc`. */
function etcFiles({ vms, ksm, bridges, stateDirectory }: HostSpecification): Map<string, HostFile> {
  const users = vms.flatMap(({ name, user }) => (user === null ? [] : [`u ${user} - "microVM ${name}" /`]));
  const texts = {
    "sysusers.d/microvm.conf": [
      "g kvm -",
      `g ${STORE_GROUP} -`,
      `u ${COMMON_USER} - "microVMs that no host declares" /`,
      ...users,
    ],
    "tmpfiles.d/microvm.conf": [
      `d "${stateDirectory.replaceAll("%", "%%")}" 0755 root root -`,
      ...(ksm ? ["w- /sys/kernel/mm/ksm/run - - - - 1"] : []),
    ],
    "modules-load.d/microvm.conf": ["tun", "vhost_net", "vhost_vsock"],
    ...(bridges.length > 0 && { "qemu/bridge.conf": bridges.map((bridge) => `allow ${bridge}`) }),
  };
  return new Map(
    Object.entries(texts).map(([path, lines]) => [path, { text: signed(`${lines.join("\n")}\n`) }]),
  );
}

function fileEntries(root: string, files: ReadonlyMap<string, HostFile>): FileEntry[] {
  return [...files].map(([name, file]) => {
    const path = `${root}/${name}`;
    return "text" in file
      ? { path, type: "file", text: file.text }
      : { path, type: "symlink", target: file.target };
  });
}
