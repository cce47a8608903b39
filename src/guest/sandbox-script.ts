/** The script that shuts maintainer scripts into a system of their own. */

/**
 * Run by the host's shell in fresh namespaces: `sh -c SCRIPT sh ROOT LOWER UPPER WORK STAGE OPTIONS EMULATOR REGISTRATION PLACE`
 * (OPTIONS, EMULATOR and REGISTRATION may be empty; PLACE is ROOT as fstab(5) writes it). Nothing that is mounted there is
 * seen outside. Mounts the layers at ROOT, gives it devices, and enters it to run `/tmp/job/run`. STAGE is a directory with
 * what `dev` and `tmp` hold beside the devices, and it receives a file.
 * Nothing of the host can be reached afterwards: the root is moved over the old one, kernel settings are read-only,
 * the environment is empty, the host's name is hidden, and only the capabilities that installing files and accounts
 * needs are left when the job starts.
 *
 * The first program that runs in there is the layers' own, which no more can be trusted than the job. So the host's
 * setpriv takes the capabilities away before; what entering and inner setpriv need beyond them takes the latter away.
 * `volatile`: a crash throws the whole layer away, so nothing needs to be on disk before the end.
 *
 * With an emulator, the job runs in a user namespace in which all ids are the same as outside, and which has a
 * binfmt_misc of its own. The map is written from outside, in one piece, as user_namespaces(7) wants it. The kernel
 * looks emulators up by the user namespace of who starts a program, so the process that has mounted that binfmt_misc
 * needs nothing of the job's root, and the job nothing of its mounts.
 */
export const SANDBOX_SCRIPT = `
set -eu
root=$1 lower=$2 upper=$3 work=$4 stage=$5 emulator=$7 registration=$8 place=$9
# Mounts what its arguments say, lines of a table, in their order and by one process. One that fails ends all.
mount_all() {
  printf '%s\\n' "$@" >"$stage/table"
  mount -a -T "$stage/table"
}
mount -t overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work,volatile$6" overlay "$root"
for directory in proc dev tmp run; do
  [ ! -L "$root/$directory" ] || { echo "/$directory is a link" >&2; exit 1; }
done
mkdir -p "$root/proc" "$root/dev" "$root/tmp" "$root/run"
mount_all "proc $place/proc proc nosuid,nodev,noexec" \\
  "tmpfs $place/dev tmpfs mode=0755,nosuid" \\
  "tmpfs $place/tmp tmpfs mode=1777,nosuid,nodev" \\
  "tmpfs $place/run tmpfs mode=0755,nosuid,nodev"
# In a user's namespace the setting belongs to somebody else, and the call behind the program may still be made.
echo localhost 2>/dev/null >"$root/proc/sys/kernel/hostname" || hostname localhost 2>/dev/null || :
cp -RP "$stage/dev" "$stage/tmp" "$root"
set --
for settings in sys sysrq-trigger irq bus fs; do
  [ ! -e "$root/proc/$settings" ] || set -- "$@" "$place/proc/$settings $place/proc/$settings none bind"
done
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  set -- "$@" "/dev/$device $place/dev/$device none bind"
done
mount_all "$@" "devpts $place/dev/pts devpts newinstance,ptmxmode=0666,mode=0620" \\
  "tmpfs $place/dev/shm tmpfs mode=1777"
for settings in sys sysrq-trigger irq bus fs; do
  [ ! -e "$root/proc/$settings" ] || mount -o remount,bind,ro "$root/proc/$settings"
done

# What holds the namespace of the emulator lives as long as this.
enter=''
if [ -n "$emulator" ]; then
  # shellcheck disable=SC2016 # for the shell in the namespace
  unshare --user --mount sh -euc '
    until read -r _ <"$1/proc/self/gid_map"; do sleep 0.01; done
    cd "\${2%/*}"
    mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    printf %s "$3" >/proc/sys/fs/binfmt_misc/register
    : >"$1/run/registered"
    exec sleep infinity
  ' sh "$root" "$emulator" "$registration" &
  holder=$! tries=0
  while [ "$(readlink "$root/proc/$holder/ns/user")" = "$(readlink "$root/proc/self/ns/user")" ]; do sleep 0.01; done
  for map in uid_map gid_map; do
    lines=''
    while read -r first _ count; do
      lines="$lines$first $first $count
"
    done <"$root/proc/self/$map"
    printf %s "$lines" >"$root/proc/$holder/$map"
  done
  while [ ! -e "$root/run/registered" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 500 ] || { echo "the emulator was not registered" >&2; exit 1; }
    sleep 0.01
  done
  rm "$root/run/registered"
  enter="nsenter --user=proc/$holder/ns/user --"
fi

cd "$root"
mount -n --move . /
capabilities=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setfcap,+net_bind_service
# shellcheck disable=SC2086 # words
exec $enter env -i PATH="$PATH" \\
  setpriv --bounding-set="$capabilities,+sys_chroot,+setpcap" --inh-caps=-all \\
  chroot . /usr/bin/setpriv --bounding-set="$capabilities" --inh-caps=-all \\
  /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /bin/sh /tmp/job/run
`;

/**
 * What the sandbox runs: every package that is only unpacked becomes installed. `job` is a directory with the
 * lists \`preinst\` (packages whose preinst is due, in order), \`first\` and \`host-keys\` (which scripts are to find
 * there and not make), and the commands \`settings\` (which write what scripts are to find).
 *
 * What dpkg does is told on file descriptor 3, which dpkg keeps from the scripts.
 *
 * The order is debootstrap's: the accounts first, then the files that scripts take for granted.
 * A policy of 101 keeps services from being started (invoke-rc.d's policy interface).
 */
export const CONFIGURE_SCRIPT = `#!/bin/sh
set -eu
export HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true DPKG_COLORS=never
read -r SOURCE_DATE_EPOCH </tmp/job/source-date
export SOURCE_DATE_EPOCH
cd /
umask 022
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

while read -r package version architecture script; do
  DPKG_MAINTSCRIPT_PACKAGE=$package DPKG_MAINTSCRIPT_ARCH=$architecture DPKG_MAINTSCRIPT_NAME=preinst \\
    DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_RUNNING_VERSION=$version DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT='' \\
    "/var/lib/dpkg/info/$script" install 3>&- || {
    echo "preinst of $package failed with exit status $?" >&2
    exit 1
  }
done </tmp/job/preinst

while read -r key; do
  : >"$key"
done </tmp/job/host-keys
# shellcheck source=/dev/null
. /tmp/job/settings

read -r first </tmp/job/first || first=''
# shellcheck disable=SC2086 # a list of package names
[ -z "$first" ] || dpkg --status-fd 3 --force-depends --configure $first
dpkg --status-fd 3 --force-confnew --configure --pending
unfinished=$(dpkg --audit)
[ -z "$unfinished" ] || {
  echo "$unfinished" >&2
  exit 1
}
rm -f /usr/sbin/policy-rc.d
`;
