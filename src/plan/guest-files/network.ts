/** The resolver and the packet filter. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { file, link, wanted } from "./entries.ts";

/** Name server of QEMU's user network (its manual, "Using the user mode network stack"). */
const USER_NETWORK_DNS = "10.0.2.3";

/** How names are resolved, and what starts the services of the network. */
export function networkFiles({ networking, microvm, services }: GuestConfig): FileEntry[] {
  const filters = networking.nftables.enable ? [wanted("sysinit.target", "nftables.service")] : [];
  if (services.resolved.enable) {
    return [
      ...filters,
      link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf"),
      wanted("sysinit.target", "systemd-resolved.service"),
    ];
  }
  const servers =
    networking.nameservers.length > 0
      ? networking.nameservers
      : microvm.interfaces.some((nic) => nic.type === "user")
        ? [USER_NETWORK_DNS]
        : [];
  const domains = [...(networking.domain === null ? [] : [networking.domain]), ...networking.search];
  const search = domains.length === 0 ? "" : `search ${domains.join(" ")}\n`;
  return [
    ...filters,
    file("etc/resolv.conf", `${search}${servers.map((server) => `nameserver ${server}\n`).join("")}`),
  ];
}
