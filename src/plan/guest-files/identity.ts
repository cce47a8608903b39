/** Names, the machine's id and the time zone. */
import type { GuestConfig } from "../../options/guest.ts";
import type { FileEntry } from "../../store/files.ts";
import { machineUuid } from "../identity.ts";
import { file, link } from "./entries.ts";

/** What the guest is called, and which time it shows. */
export function identityFiles({ networking, microvm, time }: GuestConfig): FileEntry[] {
  const { hostName, fqdn, hosts, extraHosts } = networking;
  const names = fqdn === hostName ? hostName : `${fqdn} ${hostName}`;
  const more = Object.entries(hosts).map(([address, aliases]) => `${address} ${aliases.join(" ")}\n`);
  return [
    file("etc/hostname", `${hostName}\n`),
    file(
      "etc/hosts",
      `127.0.0.1 localhost\n127.0.1.1 ${names}\n::1 localhost ip6-localhost ip6-loopback\n${more.join("")}${extraHosts === "" ? "" : `${extraHosts.trimEnd()}\n`}`,
    ),
    file("etc/machine-id", `${machineUuid(hostName, microvm.machineId).replaceAll("-", "")}\n`),
    ...(time.timeZone === null
      ? []
      : [
          link("etc/localtime", `/usr/share/zoneinfo/${time.timeZone}`),
          file("etc/timezone", `${time.timeZone}\n`),
        ]),
  ];
}
