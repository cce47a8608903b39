/** The units that every host has, whatever its VMs. */
import { GENERATIONS_DIRECTORY, generationNames, hostNames, runnerNames, vmNames } from "../paths.ts";
import { confinement, virtiofsdConfinement } from "./confinement.ts";
import type { HostFile, Scope } from "./host-record.ts";
import { COMMON_USER, RECOVER_UNIT, STORE_GROUP, TARGET } from "./names.ts";
import { shellWord, signed, unitPath, unitText, unitWord } from "./unit-text.ts";

/** What the units depend on. */
export interface UnitSettings {
  readonly scope: Scope;
  /** Absolute. */
  readonly stateDirectory: string;
  /** Absolute. */
  readonly storeDirectory: string;
  /** Seconds that a VM may take to start and to stop. */
  readonly startupTimeout: number;
}

/** A script of the generation that is in force, as a word of a unit's command. */
export function generationScript(stateDirectory: string, script: string): string {
  const { current } = generationNames;
  return unitWord(unitPath(`${stateDirectory}/${GENERATIONS_DIRECTORY}/${current}/${script}`));
}

/** The templates, the target and the unit that recovers, by path below the directory of units. */
export function hostUnits(settings: UnitSettings, started: readonly string[]): ReadonlyMap<string, HostFile> {
  const boot = settings.scope === "system" ? "multi-user.target" : "default.target";
  const texts: Record<string, string> = {
    "microvm@.service": mainUnit(settings),
    "microvm-set-booted@.service": setBootedUnit(settings),
    "microvm-virtiofsd@.service": virtiofsdUnit(settings),
    "microvm-tap-interfaces@.service": interfacesUnit(settings, "Tap interfaces", "tap"),
    "microvm-macvtap-interfaces@.service": interfacesUnit(settings, "Macvtap interfaces", "macvtap"),
    "microvm-pci-devices@.service": pciUnit(settings),
    "microvm.slice": unitText({ Unit: { Description: "microVMs" } }),
    [RECOVER_UNIT]: recoverUnit(settings),
    [TARGET]: unitText({
      Unit: { Description: "microVMs", Wants: [RECOVER_UNIT, ...started], After: RECOVER_UNIT },
      Install: { WantedBy: boot },
    }),
  };
  return new Map<string, HostFile>([
    ...Object.entries(texts).map(([path, text]) => [path, { text: signed(text) }] as const),
    [`${boot}.wants/${TARGET}`, { target: `../${TARGET}` }],
  ]);
}

/** Everything below a VM's directory. */
function places({ stateDirectory }: UnitSettings) {
  const directory = `${unitPath(stateDirectory)}/%i`;
  const word = (path: string) => unitWord(`${directory}/${path}`);
  return {
    directory,
    current: (path: string) => word(`${vmNames.current}/${path}`),
    booted: (path: string) => word(`${vmNames.booted}/${path}`),
    condition: (path: string) => `${directory}/${vmNames.current}/${path}`,
  };
}

/** What all units of a VM but the main one share. */
function companion(description: string, after: readonly string[] = []) {
  return {
    Description: `${description} of microVM '%i'`,
    PartOf: "microvm@%i.service",
    Before: "microvm@%i.service",
    After: [RECOVER_UNIT, ...after],
  };
}

function mainUnit(settings: UnitSettings): string {
  const place = places(settings);
  const needs = [
    "microvm-set-booted",
    "microvm-tap-interfaces",
    "microvm-macvtap-interfaces",
    "microvm-pci-devices",
    "microvm-virtiofsd",
  ].map((template) => `${template}@%i.service`);
  return unitText({
    Unit: {
      Description: "MicroVM '%i'",
      Requires: needs.join(" "),
      After: ["network.target", RECOVER_UNIT, ...needs],
      AssertPathExists: place.condition(runnerNames.run),
    },
    Service: {
      // By the runner's microvm-ready, beside the hypervisor: the guest is up.
      Type: "notify",
      NotifyAccess: "all",
      WorkingDirectory: place.directory,
      ExecStart: place.current(runnerNames.run),
      // A hypervisor that ended meanwhile is what is wished.
      ExecStop: `-${place.booted(runnerNames.shutdown)}`,
      TimeoutStartSec: settings.startupTimeout,
      TimeoutStopSec: settings.startupTimeout,
      Restart: "always",
      RestartSec: 5,
      SyslogIdentifier: "microvm@%i",
      Slice: "microvm.slice",
      LimitNOFILE: 1_048_576,
      ...(settings.scope === "system" && {
        User: COMMON_USER,
        Group: COMMON_USER,
        SupplementaryGroups: `kvm ${STORE_GROUP}`,
        LimitMEMLOCK: "infinity",
        ...confinement(place.directory),
      }),
    },
  });
}

/** First to start and last to stop: what stops the VM is found by its link. */
function setBootedUnit(settings: UnitSettings): string {
  const { directory } = places(settings);
  const { current, booted } = vmNames;
  const link = `target=$(readlink ${current}) && ln -sfn "$target" ${booted}.new && mv -Tf ${booted}.new ${booted}`;
  return unitText({
    Unit: {
      ...companion("Booted system"),
      Before: [
        "microvm@%i.service",
        "microvm-tap-interfaces@%i.service microvm-macvtap-interfaces@%i.service",
        "microvm-pci-devices@%i.service microvm-virtiofsd@%i.service",
      ],
    },
    Service: {
      Type: "oneshot",
      RemainAfterExit: true,
      WorkingDirectory: directory,
      ExecStart: `/bin/sh -euc ${shellWord(link)}`,
      ExecStop: `/bin/rm -f ${booted}`,
      Slice: "microvm.slice",
    },
  });
}

function virtiofsdUnit(settings: UnitSettings): string {
  const place = places(settings);
  // A virtiofsd that dies takes the guest's files with it, and QEMU cannot find another: the VM starts anew.
  const failed = `case $SERVICE_RESULT in success) ;; *) systemctl ${settings.scope === "user" ? "--user " : ""}--no-block try-restart microvm@%i.service ;; esac`;
  const asUser = settings.scope === "user" ? "unshare --user --map-root-user --map-auto -- " : "";
  return unitText({
    Unit: {
      ...companion("VirtioFS daemons", ["local-fs.target"]),
      ConditionPathExists: place.condition(runnerNames.virtiofsd),
    },
    Service: {
      Type: "exec",
      WorkingDirectory: place.directory,
      // Sockets of a start before would be taken for this one's.
      ExecStartPre: `/bin/sh ${generationScript(settings.stateDirectory, hostNames.waitForShares)} clear %i`,
      ExecStart: `${asUser}${place.current(runnerNames.virtiofsd)}`,
      ExecStartPost: `/bin/sh ${generationScript(settings.stateDirectory, hostNames.waitForShares)} wait %i`,
      ExecStopPost: `/bin/sh -c ${shellWord(failed)}`,
      // That of its script, when it was told to end.
      SuccessExitStatus: 143,
      TimeoutStopSec: 5,
      LimitNOFILE: 1_048_576,
      Slice: "microvm.slice",
      ...(settings.scope === "system" && virtiofsdConfinement),
    },
  });
}

function interfacesUnit(settings: UnitSettings, what: string, prefix: "tap" | "macvtap"): string {
  const place = places(settings);
  return oneshot(settings, what, `bin/${prefix}-up`, place.booted(`bin/${prefix}-down`), [
    "network-pre.target",
  ]);
}

function pciUnit(settings: UnitSettings): string {
  return oneshot(settings, "Passed-through devices", "bin/pci-setup", null, []);
}

/** Root runs the runner's script; whose the device is to be, the group of the VM's directory tells. */
function oneshot(
  settings: UnitSettings,
  what: string,
  script: string,
  stop: string | null,
  after: readonly string[],
): string {
  const place = places(settings);
  const run = `MICROVM_USER=$(stat -c %%G .) exec ${vmNames.current}/${script}`;
  return unitText({
    Unit: { ...companion(what, after), ConditionPathExists: place.condition(script) },
    Service: {
      Type: "oneshot",
      RemainAfterExit: true,
      WorkingDirectory: place.directory,
      ExecStart: `/bin/sh -c ${shellWord(run)}`,
      ExecStop: stop,
      Slice: "microvm.slice",
    },
  });
}

function recoverUnit({ scope, stateDirectory }: UnitSettings): string {
  const { pending } = generationNames;
  return unitText({
    Unit: {
      Description: "Former generation of microVMs, after a switch that was cut off",
      ConditionPathExists: `${unitPath(stateDirectory)}/${GENERATIONS_DIRECTORY}/${pending}`,
      RequiresMountsFor: unitWord(unitPath(stateDirectory)),
      ...(scope === "system" && { After: "local-fs.target" }),
    },
    Service: {
      Type: "oneshot",
      ExecStart: `/bin/sh ${generationScript(stateDirectory, hostNames.recover)}`,
    },
  });
}
