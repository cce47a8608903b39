/** Where the host keys of the OpenSSH server are kept: on a volume of the guest, or in the VM's directory. Pure. */

import { isOnVolume } from "../options/guest/volumes.ts";
import type { GuestConfig } from "../options/guest.ts";
import type { NewHostKey } from "../runner/secrets.ts";

/** The keys that the runner makes once and hands over at each start: those whose path is on no volume. */
export function keptHostKeys({ services: { openssh }, microvm, networking }: GuestConfig): NewHostKey[] {
  if (!openssh.enable) return [];
  return openssh.hostKeys
    .filter(({ path }) => !isOnVolume(path, microvm.volumes))
    .map(({ path, type, bits, comment }) => ({
      file: path.slice(path.lastIndexOf("/") + 1),
      type,
      bits,
      comment: comment === "" ? `root@${networking.hostName}` : comment,
    }));
}
