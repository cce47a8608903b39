/** How udev learns of the devices that were there before it: one small program instead of two large ones. Pure. */
import type { FileEntry } from "../../store/files.ts";
import { dropIn, file } from "./entries.ts";

const PROGRAM = "usr/local/lib/microvm/coldplug";

/** Told of before all others: the agent's port, disks and interfaces. */
const FIRST = ["virtio-ports", "block", "net"];

/** The service that does it, by a program of ours. */
export function coldplugFiles(ignored: readonly string[]): FileEntry[] {
  return [
    file(PROGRAM, coldplugScript(ignored), 0o755),
    dropIn("systemd-udev-trigger.service", { Service: { ExecStart: ["", `-/${PROGRAM}`] } }),
  ];
}

/** Does what `udevadm trigger --type=devices --action=add` does, for devices of other subsystems than these. */
export function coldplugScript(ignored: readonly string[]): string {
  return `#!/bin/sh
# Tells udev of the devices that are there already (microvm.optimize.ignoredSubsystems).
add() {
  for device in "$@"; do
    [ ! -e "$device/uevent" ] || echo add >"$device/uevent" || :
  done
}
${FIRST.map((name) => `add /sys/class/${name}/*\n`).join("")}# The console is asked for by its name: other terminals are not looked at.
add /sys/class/tty/ttyS0 /sys/class/tty/ttyAMA0 /sys/class/tty/hvc*
for subsystem in /sys/bus/*/devices /sys/class/*; do
  name=\${subsystem#/sys/*/}
  case \${name%/devices} in
    ${[...FIRST, "tty", ...ignored.filter((name) => name !== "tty")].join(" | ")}) ;;
    *) add "$subsystem"/* ;;
  esac
done
`;
}
