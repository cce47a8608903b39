/** Units that ask a VM's guest, time and again, whether it answers, and restart the VM when it has been silent for too long. */
import { runnerNames, vmNames } from "../paths.ts";
import { confinement } from "./confinement.ts";
import type { UnitSettings } from "./host-units.ts";
import { STORE_GROUP, unitOf } from "./names.ts";
import { shellWord, unitPath, unitText, unitWord } from "./unit-text.ts";

/** Between two questions, in seconds: at most this, and often enough that one answer too few is seen. */
const LONGEST_PAUSE = 30;

/** Exit statuses of `microvm-alive`: silent, and silent for the seconds that it was told. */
const SILENT = 3;
const SILENT_LONG = 4;

/** The timer of a VM, which runs as long as the VM does. */
export function watchTimer(name: string): string {
  return `microvm-alive@${name}.timer`;
}

/** The timer and its service, by their names. */
export function watchTexts(
  { name, user }: { readonly name: string; readonly user: string | null },
  seconds: number,
  { scope, stateDirectory }: UnitSettings,
): Readonly<Record<string, string>> {
  const vm = unitOf(name);
  const directory = `${unitPath(stateDirectory)}/${name}`;
  const pause = Math.max(1, Math.min(LONGEST_PAUSE, Math.floor(seconds / 3)));
  const systemctl = scope === "user" ? "systemctl --user" : "systemctl";
  // The next start is not to be blamed for this one's silence.
  const restart = `[ "$EXIT_STATUS" != ${SILENT_LONG} ] || { echo "no answer for ${seconds} seconds: restarting"; rm -f ${name}.silent; exec ${systemctl} --no-block try-restart ${vm}; }`;
  return {
    [watchTimer(name)]: unitText({
      Unit: { Description: `Questions to microVM '${name}'`, PartOf: vm, After: vm },
      Timer: { OnActiveSec: pause, OnUnitInactiveSec: pause, AccuracySec: 1 },
    }),
    [unitOf(name, "microvm-alive")]: unitText({
      Unit: {
        Description: `Whether microVM '${name}' answers`,
        After: vm,
        ConditionPathExists: `${directory}/${vmNames.booted}/${runnerNames.alive}`,
      },
      Service: {
        Type: "oneshot",
        WorkingDirectory: directory,
        ExecStart: `${unitWord(`${directory}/${vmNames.booted}/${runnerNames.alive}`)} ${seconds}`,
        SuccessExitStatus: `${SILENT} ${SILENT_LONG}`,
        // Root's, where the machine's own systemd is asked; what it runs is this line alone.
        ExecStopPost: `+/bin/sh -c ${shellWord(restart)}`,
        TimeoutStartSec: 60,
        // Without systemd's own lines of each start and end: the journal would hold little else.
        SyslogLevel: "notice",
        LogLevelMax: "notice",
        Slice: "microvm.slice",
        ...(user !== null && {
          User: user,
          Group: user,
          SupplementaryGroups: STORE_GROUP,
          ...confinement(directory),
          // The hypervisor's, which has the same user.
          RemoveIPC: null,
          DeviceAllow: null,
          PrivateDevices: true,
          PrivateNetwork: true,
          RestrictAddressFamilies: "AF_UNIX",
        }),
      },
    }),
  };
}
