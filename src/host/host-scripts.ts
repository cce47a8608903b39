/** The host's scripts, as text: POSIX shell, for boots at which no Node runs. They find their host's store path from their own place. */
import { quoteWord } from "../os/processes.ts";
import { GENERATIONS_DIRECTORY, generationNames, hostNames, runnerNames, vmNames } from "../paths.ts";
import type { RecordedVm, Scope } from "./host-record.ts";
import { MADE_BY } from "./unit-text.ts";

const PROLOGUE = `#!/bin/sh
set -eu
host=$(dirname "$(dirname "$(readlink -f "$0")")")
: "$host"
`;

/** Makes a link, in one step in place of an older one. */
const LINK = `link() {
  rm -f "$2.new"
  ln -s "$1" "$2.new"
  mv -Tf "$2.new" "$2"
}
`;

/** `bin/install-NAME`: makes a VM's directory what its declaration says. Nothing changes when it is that already. */
export function installScript(name: string, vm: RecordedVm, stateDirectory: string): string {
  if (vm.runner === null) {
    const why = `"${name}" is not there, and is deployed from "${vm.flake}": run "microvm switch"`;
    return `${PROLOGUE}# shellcheck disable=SC2016 # whatever the reference holds\necho ${quoteWord(why)} >&2\nexit 1\n`;
  }
  const owner = vm.user === null ? "" : `chown -h ${quoteWord(`root:${vm.user}`)} "$dir"\n`;
  const kept =
    vm.kind === "config"
      ? `rm -f ${vmNames.flake}\nlink "$(dirname "$runner")/${vm.system}" ${vmNames.toplevel}`
      : `rm -f ${vmNames.toplevel} ${vmNames.flake}.new\n# shellcheck disable=SC2016\nprintf '%s\\n' ${quoteWord(vm.updateFlake ?? vm.flake ?? "")} >${vmNames.flake}.new\nmv -f ${vmNames.flake}.new ${vmNames.flake}`;
  const shares = vm.shareSources
    .map(quoteWord)
    .map((path) => `if [ ! -e ${path} ]; then\n  mkdir -p ${path}\n  chmod 0775 ${path}\nfi\n`);
  return `${PROLOGUE}${LINK}# Installs ${name}.
runner=$(readlink -f "$host/${hostNames.vms}/${name}")
if [ ! -d "$runner" ]; then
  echo "The runner of ${name} is gone from the store: run \\"microvm switch\\"" >&2
  exit 1
fi
dir=${quoteWord(`${stateDirectory}/${name}`)}
mkdir -p "$dir"
${owner}chmod ${vm.user === null ? "0700" : "1770"} "$dir"
cd "$dir"
current=$(readlink ${vmNames.current} || :)
if [ "$current" != "$runner" ]; then
  if [ -n "$current" ]; then link "$current" ${vmNames.old}; fi
  link "$runner" ${vmNames.current}
fi
${kept}
${shares.join("")}`;
}

/**
 * `bin/wait-for-shares`: `clear NAME` removes the sockets of a VM's virtiofsd, `wait NAME` waits until they are there
 * and gives them to the VM's own group.
 */
export function waitForSharesScript(stateDirectory: string): string {
  return `${PROLOGUE}dir=${quoteWord(stateDirectory)}/$2
cd "$dir"
group=$(stat -c %G .)
for file in ${vmNames.current}/${runnerNames.virtiofs}/*/socket; do
  [ -e "$file" ] || continue
  read -r socket <"$file"
  case $1 in
    clear) rm -f "./$socket" ;;
    wait)
      tries=0
      until [ -S "./$socket" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 500 ]; then
          echo "The share's socket \\"$socket\\" did not appear within 10 seconds" >&2
          exit 1
        fi
        sleep 0.02
      done
      if [ "$(id -u)" = 0 ]; then chgrp "$group" "./$socket" && chmod 0660 "./$socket"; fi
      ;;
  esac
done
`;
}

/** networkd's files of the host's networks, of which the others in `/etc` do no harm. */
const RECOVER_NETWORKD = `for file in /etc/systemd/network/*; do
  [ -f "$file" ] || continue
  if [ ! -e "$source/${hostNames.etc}/\${file#/etc/}" ] && is_ours "$file"; then rm -f "$file"; fi
done
for file in "$source/${hostNames.etc}/systemd/network"/*; do
  [ -e "$file" ] || continue
  mkdir -p /etc/systemd/network
  cp "$file" /etc/systemd/network/
done
`;

/** `bin/recover`: after a switch that was cut off, puts the generation back that was in force before it. */
export function recoverScript(scope: Scope, stateDirectory: string, unitDirectory: string): string {
  const { current, lock, pending } = generationNames;
  const systemctl = scope === "user" ? "systemctl --user" : "systemctl";
  return `${PROLOGUE}${LINK}generations=${quoteWord(`${stateDirectory}/${GENERATIONS_DIRECTORY}`)}
units=${quoteWord(unitDirectory)}
cd "$generations"
# Whoever is still at work does it himself.
exec 9>>${lock}
flock -n 9 || exit 0
[ -e ${pending} ] || exit 0
former=0
created=''
while read -r key value; do
  case $key in
    former) former=$value ;;
    created) created=$value ;;
  esac
done <${pending}
source=/nonexistent
if [ "$former" != 0 ]; then
  source=$(readlink -f "$former")
  [ -d "$source/${hostNames.units}" ]
  link "$former" ${current}
else
  rm -f ${current}
fi
cd "$units"
is_ours() {
  if [ -h "$1" ]; then [ "$(readlink "$1")" = ../microvms.target ]; else head -n 1 "$1" | grep -q '^${MADE_BY}'; fi
}
for file in microvm* install-microvm-* */microvms.target microvm*.d/*; do
  if [ -d "$file" ] || { [ ! -e "$file" ] && [ ! -h "$file" ]; }; then continue; fi
  if [ ! -e "$source/${hostNames.units}/$file" ] && [ ! -h "$source/${hostNames.units}/$file" ] && is_ours "$file"; then
    rm -f "$file"
  fi
done
${scope === "system" ? RECOVER_NETWORKD : ""}if [ "$former" != 0 ]; then
  (cd "$source/${hostNames.units}" && find . ! -type d) | while read -r file; do
    if cmp -s "$source/${hostNames.units}/$file" "$file"; then continue; fi
    mkdir -p "$(dirname "$file")"
    cp -P "$source/${hostNames.units}/$file" "$file.new"
    if [ ! -h "$file.new" ]; then chmod 0644 "$file.new"; fi
    mv -Tf "$file.new" "$file"
  done
  for script in "$source/${hostNames.install}"*; do
    [ -e "$script" ] || continue
    sh "$script" || echo "recover: $script failed" >&2
  done
fi
${systemctl} daemon-reload
cd "$generations"
if [ -n "$created" ]; then rm -f "$created"; fi
rm -f ${pending}
${systemctl} --no-block start microvms.target || :
`;
}
