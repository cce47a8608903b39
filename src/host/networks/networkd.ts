/** systemd-networkd's files of a network: on hosts where it runs, it makes the bridge and lets the taps alone. */
import { splitCidr } from "../../options/address-types.ts";
import type { PlannedNetwork } from "./planned-network.ts";

/** A file as text, and where it belongs. */
export interface TextFile {
  /** Below `/etc/systemd/system` for units, below `/etc` for other files. */
  readonly path: string;
  readonly text: string;
}

/** Name of a network's files, before files that match every interface: networkd takes the first that fits. */
export function networkdName(network: string): string {
  return `05-microvm-${network}`;
}

/** The files, below `/etc`. Where networkd does not run nobody reads them. */
export function networkdFiles(network: PlannedNetwork): readonly TextFile[] {
  const { name, bridge, mac, gateway, gateway6, options, members } = network;
  const path = `systemd/network/${networkdName(name)}`;
  const { prefixLength } = splitCidr(options.subnet);
  const taps = members.flatMap(({ tap }) => (tap === null ? [] : [tap]));
  return [
    {
      path: `${path}.netdev`,
      text: `[NetDev]\nDescription=Network "${name}" of microVMs\nName=${bridge}\nKind=bridge\nMACAddress=${mac}\n`,
    },
    {
      path: `${path}.network`,
      text: [
        "[Match]",
        `Name=${bridge}`,
        "",
        "[Link]",
        "RequiredForOnline=no",
        "",
        "[Network]",
        `Address=${gateway}/${prefixLength}`,
        ...(gateway6 === null ? [] : [`Address=${gateway6}/64`]),
        "ConfigureWithoutCarrier=yes",
        `LinkLocalAddressing=${gateway6 === null ? "no" : "ipv6"}`,
        "DHCP=no",
        "IPv6AcceptRA=no",
        "LLMNR=no",
        "MulticastDNS=no",
        "",
      ].join("\n"),
    },
    ...(taps.length === 0
      ? []
      : [
          {
            path: `${path}-taps.network`,
            text: `[Match]\nName=${taps.join(" ")}\n\n[Link]\nUnmanaged=yes\n`,
          },
        ]),
  ];
}
