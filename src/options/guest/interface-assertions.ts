/** Faults of the machine's interfaces and devices that no single type can see. */
import { MOST_MACVTAPS } from "../../hypervisors/interface-queues.ts";
import type { GuestConfig } from "./arguments.ts";
import type { Assertion } from "./name-assertions.ts";

const failed = (message: string): Assertion => ({ assertion: false, message });

/** One assertion for each fault, with the option at fault. */
export function interfaceAssertions({ microvm }: GuestConfig): Assertion[] {
  return [
    ...microvm.interfaces.flatMap((nic, index) => attachments(nic, `microvm.interfaces.${index}`)),
    ...macvtapLimit(microvm),
    ...forwardings(microvm),
    ...microvm.devices.flatMap(({ bus, path }, index) => devicePath(bus, path, index)),
    ...vsock(microvm.vsock),
  ];
}

/** What belongs to one type of interface is given with that type, and only then. */
function attachments(
  { type, id, bridge, network, macvtap, tap }: GuestConfig["microvm"]["interfaces"][number],
  option: string,
): Assertion[] {
  const only = (name: string, wanted: string) =>
    failed(`"${option}.${name}" is set, and the interface "${id}" is of the type "${type}", not "${wanted}"`);
  return [
    ...(type === "bridge" && bridge === null
      ? [failed(`"${option}" has the type "bridge": say which one with its "bridge"`)]
      : []),
    ...(type !== "bridge" && bridge !== null ? [only("bridge", "bridge")] : []),
    ...(type === "macvtap" && macvtap.link === null
      ? [failed(`"${option}" has the type "macvtap": say which interface it is on with its "macvtap.link"`)]
      : []),
    ...(type !== "macvtap" && macvtap.link !== null ? [only("macvtap.link", "macvtap")] : []),
    ...(type !== "tap" && network !== null ? [only("network", "tap")] : []),
    ...(type !== "tap" && type !== "bridge" && tap.vhost ? [only("tap.vhost", "tap")] : []),
  ];
}

function macvtapLimit({ interfaces }: GuestConfig["microvm"]): Assertion[] {
  const count = interfaces.filter(({ type }) => type === "macvtap").length;
  if (count <= MOST_MACVTAPS) return [];
  return [failed(`"microvm.interfaces" may hold ${MOST_MACVTAPS} of the type "macvtap", and holds ${count}`)];
}

function forwardings({ interfaces, forwardPorts }: GuestConfig["microvm"]): Assertion[] {
  const users = interfaces.filter((nic) => nic.type === "user").length;
  return [
    ...(forwardPorts.length > 0 && users === 0
      ? [
          failed(
            '"microvm.forwardPorts" needs an interface with type "user": add one to "microvm.interfaces"',
          ),
        ]
      : []),
    ...(users > 1 ? [failed('"microvm.interfaces" may hold one interface with type "user"')] : []),
    ...forwardPorts.flatMap(({ from, proto, guest }, index) =>
      // guestfwd of QEMU's user network.
      from === "host" || (proto === "tcp" && guest.address !== "")
        ? []
        : [
            failed(
              `"microvm.forwardPorts.${index}" leads from the guest: it needs the protocol "tcp" and an address of the guest's network, such as "10.0.2.100"`,
            ),
          ],
    ),
  ];
}

const PCI_ADDRESS = /^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;
const USB_PROPERTIES =
  /^(?:(?:vendorid|productid|hostbus|hostaddr|hostport|guest-reset)=[A-Za-z0-9_.-]+(?:,(?!$)|$))+$/;

function devicePath(bus: "pci" | "usb", path: string, index: number): Assertion[] {
  if ((bus === "pci" ? PCI_ADDRESS : USB_PROPERTIES).test(path)) return [];
  const wanted =
    bus === "pci"
      ? 'an address such as "0000:01:00.0", which "lspci -D" prints'
      : 'properties such as "vendorid=0x046d,productid=0xc52b"';
  return [failed(`"microvm.devices.${index}.path" is "${path}": a device of the bus "${bus}" has ${wanted}`)];
}

/** Addresses that have an owner: any, the machine itself, the host (vsock(7)). */
const RESERVED_CIDS = ["the hypervisor", "the local machine", "the host"] as const;

function vsock({ cid, ssh }: GuestConfig["microvm"]["vsock"]): Assertion[] {
  const owner = cid === null ? undefined : RESERVED_CIDS[cid];
  return [
    ...(owner === undefined
      ? []
      : [failed(`"microvm.vsock.cid" is ${cid}, which is reserved for ${owner}: take 3 or more`)]),
    ...(ssh.enable && cid === null
      ? [failed('"microvm.vsock.ssh.enable" needs an address: set "microvm.vsock.cid" to 3 or more')]
      : []),
  ];
}
