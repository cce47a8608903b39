/** What people meet when they log in. */
import { quoteUnitWord, unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import { quoteWord } from "../../os/processes.ts";
import type { FileEntry } from "../../store/files.ts";
import { file, unit } from "./entries.ts";

/** Variables, keys, homes and the console. */
export function loginFiles(config: GuestConfig): FileEntry[] {
  const { environment, services } = config;
  const variables = Object.entries(environment.variables);
  const keys = Object.entries(config.users.users)
    .map(([name, user]) => [name, user.openssh.authorizedKeys.keys] as const)
    .filter(([, list]) => list.length > 0);
  const homes = Object.entries(config.users.users).filter(([, user]) => user.isNormalUser);
  const autologin = services.getty.autologinUser;
  return [
    ...(variables.length > 0
      ? [
          file(
            "etc/profile.d/microvm.sh",
            variables.map(([key, value]) => `export ${key}=${quoteWord(value)}\n`).join(""),
          ),
        ]
      : []),
    ...keys.map(([name, list]) =>
      file(`etc/ssh/authorized_keys.d/${name}`, list.map((key) => `${key}\n`).join("")),
    ),
    ...(homes.length > 0
      ? [
          file(
            "etc/tmpfiles.d/microvm-homes.conf",
            homes
              .map(
                ([name, user]) =>
                  `d ${quoteUnitWord(user.home ?? `/home/${name}`)} 0700 ${name} ${user.group ?? "users"}\n`,
              )
              .join(""),
          ),
        ]
      : []),
    ...(autologin === null
      ? []
      : [
          file(
            unit("serial-getty@.service.d/autologin.conf"),
            unitText({
              Service: {
                ExecStart: [
                  "",
                  `-/sbin/agetty --autologin ${autologin} --noclear --keep-baud 115200 - $TERM`,
                ],
              },
            }),
          ),
        ]),
  ];
}
