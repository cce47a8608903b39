/** The user that a runner's programs become when root starts them. */
import { quoteWord } from "../os/processes.ts";

/** Whether a script is run by root, and not by a user in a namespace of their own, who is called 0 there. */
export const RUN_BY_ROOT = '[ "$(id -u)" = 0 ] && [ -z "${MICROVM_USER_NAMESPACE:-}" ]';

/**
 * Lines of `microvm-run` that start it again as this user. What root finds in the VM's directory stays root's, as in
 * those of a host's VMs: the user may add to it, and change nothing but the given files, which root made before.
 */
export function becomeUserLines(user: string, files: readonly string[]): string {
  const inDirectory = files.filter((file) => !file.startsWith("/")).map((file) => quoteWord(`./${file}`));
  const give =
    inDirectory.length === 0
      ? ""
      : `    find ${inDirectory.join(" ")} -maxdepth 0 -type f -links 1 -user 0 -exec chown -h "$user:" {} + 2>/dev/null || :\n`;
  return `
if ${RUN_BY_ROOT}; then
  user=${quoteWord(user)}
  if ! group=$(id -g "$user" 2>/dev/null); then
    echo ${quoteWord(`microvm-run: "microvm.user" is "${user}", and this host has no such user`)} >&2
    exit 1
  fi
  if [ "$(stat -c %u .)" = 0 ]; then
    chgrp "$group" .
    chmod 1770 .
${give}  fi
  groups=$(id -G "$user" | tr ' ' ,)
  # A host's store is open to its own group only.
  store_group=$(stat -c %g "$store")
  case $store_group,$(stat -c %A "$store") in
    0,* | *x) ;;
    *) groups=$groups,$store_group ;;
  esac
  exec setpriv --pdeathsig keep --reuid "$user" --regid "$group" --groups "$groups" -- "$0" "$@"
fi
`;
}
