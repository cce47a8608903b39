/** Units that tell the host how far the guest is. */

import { unitText } from "../../guest/units.ts";
import { READINESS_PORT } from "../../hypervisors/machine.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { readinessStage } from "../readiness-stage.ts";
import { file, unit, wanted } from "./entries.ts";

/** The program that tells it, from the guest's root on. */
const TELL = "usr/local/lib/microvm/tell-stage";

/**
 * Argument: the stage. A port has one user at a time. Written without waiting, since nobody may listen: what is not
 * told then is no fault of the guest.
 */
export const TELL_STAGE_SCRIPT = `#!/bin/sh
# Tells the host a stage that this guest has reached.
for port in /sys/class/virtio-ports/*; do
  read -r name <"$port/name" || continue
  [ "$name" = ${READINESS_PORT} ] || continue
  for _ in 1 2 3 4 5; do
    echo "$1" | dd oflag=nonblock conv=notrunc of="/dev/\${port##*/}" 2>/dev/null && exit
    sleep 0.1
  done
done
exit 0
`;

/** What each stage stands for: what it comes after, what must have started for it, and what starts its unit. */
const STAGES: Readonly<
  Record<string, { readonly after: string; readonly wants?: string; readonly by: string }>
> = {
  basic: { after: "basic.target", by: "basic.target" },
  agent: {
    after: "qemu-guest-agent.service microvm-agent.service",
    wants: "qemu-guest-agent.service",
    by: "multi-user.target",
  },
  network: { after: "network-online.target", wants: "network-online.target", by: "multi-user.target" },
  "multi-user": { after: "multi-user.target", by: "multi-user.target" },
};

/** The program, and a unit for each stage that is told: those of every guest, and the one that is waited for. */
export function stageFiles(config: GuestConfig): FileEntry[] {
  const stage = readinessStage(config);
  const told = new Set([
    "basic",
    ...(config.services.qemuGuest.enable ? ["agent"] : []),
    "multi-user",
    stage,
  ]);
  return [file(TELL, TELL_STAGE_SCRIPT, 0o755), ...[...told].flatMap(stageUnit)];
}

function stageUnit(stage: string): FileEntry[] {
  const { after, wants, by } = STAGES[stage] ?? { after: stage, by: stage };
  const name = `microvm-stage-${stage.replaceAll("@", "-")}${stage in STAGES ? "" : "-"}.service`;
  const text = unitText({
    Unit: {
      Description: `Tell the host that the guest has reached ${stage}`,
      DefaultDependencies: false,
      After: after,
      ...(wants !== undefined && { Wants: wants }),
      // What did not start was not reached.
      ...(stage in STAGES ? {} : { Requires: stage }),
      Conflicts: "shutdown.target",
      Before: "shutdown.target",
    },
    Service: { ExecStart: `/${TELL} ${stage}` },
  });
  return [file(unit(name), text), wanted(by, name, "/etc/systemd/system")];
}
