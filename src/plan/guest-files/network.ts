/** The resolver and systemd-networkd. */
import { unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { file, link, unit, wanted } from "./entries.ts";

/** Name server of QEMU's user network (its manual, "Using the user mode network stack"). */
const USER_NETWORK_DNS = "10.0.2.3";

/** How names are resolved, and how interfaces are set up. */
export function networkFiles({ networking, microvm }: GuestConfig): FileEntry[] {
  const servers =
    networking.nameservers.length > 0
      ? networking.nameservers
      : microvm.interfaces.some((nic) => nic.type === "user")
        ? [USER_NETWORK_DNS]
        : [];
  const search = networking.domain === null ? "" : `search ${networking.domain}\n`;
  const resolver = file(
    "etc/resolv.conf",
    `${search}${servers.map((server) => `nameserver ${server}\n`).join("")}`,
  );
  if (microvm.interfaces.length === 0) return [resolver];
  return [
    resolver,
    file(
      "etc/systemd/network/80-microvm.network",
      unitText({
        Match: { Type: "ether" },
        Network: networking.useDHCP ? { DHCP: true } : {},
        Link: { RequiredForOnline: "routable" },
      }),
    ),
    wanted("multi-user.target", "systemd-networkd.service"),
    wanted("sockets.target", "systemd-networkd.socket"),
    link(unit("dbus-org.freedesktop.network1.service"), "/usr/lib/systemd/system/systemd-networkd.service"),
  ];
}
