/** Whether VMs can start, told before systemd is asked, which says less. */

import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { existsSync } from "../os/files.ts";
import type { HostMachine } from "./machine.ts";
import type { VmOverview } from "./overview.ts";
import { hasSystemd } from "./systemd.ts";

/** Checks that systemd runs the machine and knows the host's units. Errors: `host-unsupported`. */
export function checkUnits({ unitDirectory }: HostMachine): void {
  if (!hasSystemd()) {
    throw new MicrovmError(
      "host-unsupported",
      "This machine does not run systemd, which installed VMs need",
      {
        hint: 'Without that, "microvm run" runs VMs in the foreground, and "microvm -r NAME" an installed one',
      },
    );
  }
  if (existsSync(join(unitDirectory, "microvm@.service"))) return;
  throw new MicrovmError(
    "host-unsupported",
    `This machine is no host of VMs yet: there is no "microvm@.service" in "${unitDirectory}"`,
    { hint: 'Make it one with "microvm switch"; "microvm init" writes a first project' },
  );
}

/** Checks that a VM has a runner to start from. Errors: `vm-broken`. */
export function checkStartable({ name, fault, mend }: VmOverview): void {
  if (fault === null) return;
  throw new MicrovmError("vm-broken", `"${name}" cannot start: ${fault}`, {
    ...(mend !== null && {
      hint: mend.includes(" remove ") ? `Nobody declares it any more: ${mend}` : `Run: ${mend}`,
    }),
  });
}
