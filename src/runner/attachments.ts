/** What `microvm-run` does with the host's interfaces and devices before the hypervisor starts: it opens them. */
import { macvtapDescriptors } from "../hypervisors/interface-queues.ts";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";
import { tapsOf } from "./interface-scripts.ts";

/**
 * Lines that look whether everything is there, so that a fault has a name; empty for a machine without any.
 * `modules` is where QEMU's own modules are below the store, null for those that it finds by itself.
 */
export function attachmentLines(machine: MachineSpec, modules: string | null): string {
  const usesModules = machine.graphics !== null || machine.devices.some(({ bus }) => bus === "usb");
  return [
    // What passes USB devices is one, and what makes a screen.
    modules !== null && usesModules ? `\nexport QEMU_MODULE_DIR="$store"/${quoteWord(modules)}\n` : "",
    ...tapsOf(machine).map(({ id }) => there(id, "tap-up", machine.name)),
    machine.interfaces.some(({ vhost }) => vhost) ? VHOST : "",
    ...macvtapLines(machine),
    machine.vsockCid === null ? "" : VSOCK,
  ].join("");
}

function there(id: string, script: string, name: string): string {
  return `
if [ ! -e /sys/class/net/${quoteWord(id)} ]; then
  echo ${quoteWord(`microvm-run: the interface "${id}" is not there: let root run ${script} of this runner before, with MICROVM_USER set to the user that runs "${name}"`)} >&2
  exit 1
fi
`;
}

/**
 * Whether a device can be opened, as shell: opened, as its file can be there without the kernel's module; and looked at
 * before, as opening makes a plain file.
 */
const opens = (device: string) => `{ [ -c ${device} ] && (: <>${device}) 2>/dev/null; }`;

const VHOST = `
if ${opens("/dev/vhost-net")}; then vhost=,vhost=on; else vhost=''; fi
`;

const VSOCK = `
if ! ${opens("/dev/vhost-vsock")}; then
  echo "microvm-run: microvm.vsock.cid needs /dev/vhost-vsock, which cannot be opened: load the kernel's module vhost_vsock, and let this user (group kvm) read and write the device" >&2
  exit 1
fi
`;

/** Each queue is a descriptor of its own; QEMU inherits them. */
function macvtapLines(machine: MachineSpec): string[] {
  return Object.entries(macvtapDescriptors(machine)).map(
    ([id, numbers]) => `${there(id, "macvtap-up", machine.name)}
macvtap=/dev/tap$(cat /sys/class/net/${quoteWord(id)}/ifindex)
if [ ! -c "$macvtap" ]; then
  echo "microvm-run: $macvtap is not there, by which the interface" ${quoteWord(`"${id}"`)} "is opened: the kernel makes it where a devtmpfs is on /dev" >&2
  exit 1
fi
${numbers.map((number) => `exec ${number}<>"$macvtap"`).join("\n")}
`,
  );
}
