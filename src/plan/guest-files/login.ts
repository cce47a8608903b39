/** What people meet when they log in. */
import { unitText } from "../../guest/units.ts";
import type { GuestConfig } from "../../options/guest.ts";
import { quoteWord } from "../../os/processes.ts";
import type { FileEntry } from "../../store/files.ts";
import { file, unit } from "./entries.ts";

/** Variables and the console. */
export function loginFiles({ environment, services }: GuestConfig): FileEntry[] {
  const variables = Object.entries(environment.variables);
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
