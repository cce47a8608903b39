/** The runner's scripts for passed devices and for machined. Root runs them. */
import type { MachineSpec } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";
import { ownerLine, tapsOf } from "./interface-scripts.ts";

/** `bin/pci-setup`: takes PCI devices from their drivers and gives them to vfio-pci, for whoever runs the VM. */
export function pciSetup(machine: Pick<MachineSpec, "devices" | "user">): string {
  return `#!/bin/sh
set -eu
sys=\${MICROVM_SYS:-/sys}
${ownerLine(machine)}fail() {
  echo "pci-setup: $1" >&2
  exit 1
}
if [ ! -e "$sys/bus/pci/drivers/vfio-pci" ]; then modprobe vfio-pci || :; fi
[ -e "$sys/bus/pci/drivers/vfio-pci" ] || fail "the kernel has no driver vfio-pci"
hand_over() {
  device=$sys/bus/pci/devices/$1
  [ -e "$device" ] || fail "this host has no PCI device \\"$1\\""
  [ -e "$device/iommu_group" ] || fail "the PCI device \\"$1\\" is in no IOMMU group: switch the IOMMU on, in the firmware and on the kernel's command line"
  if [ "$(basename "$(readlink -f "$device/driver" || :)")" != vfio-pci ]; then
    if [ -e "$device/driver" ]; then printf '%s\n' "$1" >"$device/driver/unbind"; fi
    echo vfio-pci >"$device/driver_override"
    printf '%s\n' "$1" >"$sys/bus/pci/drivers_probe"
  fi
  chown "$uid" "/dev/vfio/$(basename "$(readlink "$device/iommu_group")")"
}
${machine.devices
  .filter(({ bus }) => bus === "pci")
  .map(({ path }) => `hand_over ${quoteWord(path)}\n`)
  .join("")}`;
}

/** `bin/microvm-register` and `bin/microvm-unregister`: the VM in machinectl's list. The first takes the process's id. */
export function machinedScripts(machine: MachineSpec): Readonly<Record<string, string>> {
  const uuid = Buffer.from(machine.machineId.replaceAll("-", ""), "hex");
  const name = quoteWord(machine.name);
  const call = `busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager`;
  const indices = tapsOf(machine)
    .map(
      ({ id }) => `
if [ -e /sys/class/net/${quoteWord(id)}/ifindex ]; then set -- "$@" "$(cat /sys/class/net/${quoteWord(id)}/ifindex)"; fi`,
    )
    .join("");
  return {
    "microvm-register": `#!/bin/sh
set -eu
leader=\${1:?the process id of the hypervisor is missing}
set --${indices}
${call} \\
  RegisterMachineWithNetwork sayssusai ${name} 16 ${[...uuid].join(" ")} microvm vm "$leader" "" $# "$@"
`,
    "microvm-unregister": `#!/bin/sh
# That it is gone already is no fault.
${call} UnregisterMachine s ${name} 2>/dev/null || :
`,
  };
}
