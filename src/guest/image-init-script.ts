/** What starts a guest that is made from an image. */

/** Applets of busybox that the scripts use, those of commands of the host as well; each is a link beside it. */
export const IMAGE_APPLETS = [
  "cat",
  "cp",
  "dd",
  "dirname",
  "env",
  "hostname",
  "ip",
  "kill",
  "ln",
  "mkdir",
  "mkfifo",
  "mktemp",
  "mount",
  "mv",
  "poweroff",
  "readlink",
  "rm",
  "setsid",
  "sh",
  "sleep",
  "stty",
  "sync",
  "sysctl",
  "tar",
  "udhcpc",
  "umount",
] as const;

/**
 * `/.microvm/init`, process 1 of the guest. The image's own init takes over when it is wanted; otherwise this one mounts
 * what is needed, applies host name, kernel settings and network, and runs the image's process until that ends.
 * `/.microvm/settings` says what is wanted; `/.microvm/run` runs the process, behind the command that takes on its user.
 *
 * It powers off when it gets the signal USR2, as busybox's init does: from that one's \`poweroff\`, or ours.
 */
export const IMAGE_INIT_SCRIPT = `#!/.microvm/bin/sh
# Starts the image of this guest.
export PATH=/.microvm/bin
init='' init_path='' user='' directory=/ stop_signal=TERM restart=never agent='' dhcp='' setpriv=''
# shellcheck source=/dev/null
. /.microvm/settings

say() { echo "microvm: $*" >/dev/console; }

if [ "$init" = yes ]; then exec "$init_path"; fi
if [ "$init" = auto ]; then
  case $(readlink -f /sbin/init) in */systemd) exec /sbin/init ;; esac
fi

mkdir -p /dev/pts /dev/shm /run
mount -t devpts -o gid=5,mode=0620,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /dev/shm
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /run
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/0 /dev/stdin
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr
# An image without them gets ours: the guest's agent calls them.
lend() {
  [ -e "$1" ] || [ -L "$1" ] || { mkdir -p "\${1%/*}" && ln -s "$2" "$1"; } 2>/dev/null || :
}
lend /bin/sh /.microvm/bin/busybox
lend /sbin/shutdown /.microvm/shutdown

hostname -F /etc/hostname
[ ! -e /etc/sysctl.d/60-microvm.conf ] || sysctl -q -p /etc/sysctl.d/60-microvm.conf
mkdir -p /dev/disk/by-id
for block in /sys/block/*; do
  [ -r "$block/serial" ] || continue
  read -r serial <"$block/serial" || [ -n "$serial" ] || continue
  ln -sf "/dev/\${block##*/}" "/dev/disk/by-id/virtio-$serial"
done
mount -a || say "cannot mount everything in /etc/fstab"
ip link set lo up
for interface in /sys/class/net/e*; do
  [ -e "$interface" ] || continue
  interface=\${interface##*/}
  ip link set "$interface" up
  [ -z "$dhcp" ] || udhcpc -q -n -t 5 -T 1 -i "$interface" -s /.microvm/dhcp >/dev/null 2>&1 || say "no address for $interface"
done

# Tells the host a stage that this guest has reached; nobody may listen.
tell() {
  for port in /sys/class/virtio-ports/*; do
    read -r name <"$port/name" || continue
    [ "$name" != microvm.ready ] || echo "$1" >"/dev/\${port##*/}"
  done
}

if [ -n "$agent" ]; then
  tell agent 2>/dev/null &
  while :; do
    /.microvm/agent
    sleep 1
  done >/dev/null 2>&1 &
fi

power_off() {
  sync
  umount -a -r 2>/dev/null
  sync
  poweroff -f
  while :; do sleep 1; done
}

fail() {
  say "$*"
  power_off
}

# The numbers of a user and its groups, from the image's own files.
uid='' gid='' home=/ groups=''
find_user() {
  name=\${user%%:*}
  uid=\${name:-0}
  while IFS=: read -r one _ number main _ place _; do
    if [ "$one" = "$uid" ] || [ "$number" = "$uid" ]; then
      name=$one uid=$number gid=$main home=$place
      break
    fi
  done 2>/dev/null </etc/passwd
  case $user in *:*) gid=\${user#*:} ;; esac
  : "\${gid:=0}"
  while IFS=: read -r one _ number members; do
    if [ "$one" = "$gid" ]; then gid=$number; fi
    case $user in *:*) continue ;; esac
    case ,$members, in *,"$name",*) groups=\${groups:+$groups,}$number ;; esac
  done 2>/dev/null </etc/group
  case $uid$gid in *[!0-9]*) fail "the image has no user or group \\"$user\\"" ;; esac
}
find_user
supplementary=--clear-groups
[ -z "$groups" ] || supplementary="--groups $groups"
export HOME="$home"
mkdir -p "$directory"
cd "$directory" || fail "cannot enter $directory"

pid='' stopping=''
stop() {
  stopping=yes
  [ -z "$pid" ] || kill -"$stop_signal" "$pid" 2>/dev/null
  # The console and a process that does not listen are not waited for.
  (sleep 10; kill -KILL "$pid" 2>/dev/null) &
}
trap stop USR1 USR2 TERM

while [ -z "$stopping" ]; do
  # shellcheck disable=SC2086 # a command and its options
  setsid -c /.microvm/run $setpriv --reuid "$uid" --regid "$gid" $supplementary -- \\
    </dev/console >/dev/console 2>&1 &
  pid=$!
  while :; do
    wait "$pid"
    status=$?
    kill -0 "$pid" 2>/dev/null || break
  done
  [ -z "$stopping" ] || break
  say "the image's process ended with exit status $status"
  case $restart:$status in
    always:* | on-failure:[1-9]*) sleep 1 ;;
    *) break ;;
  esac
done
power_off
`;

/** Runs the guest's agent on its port, which is looked up since an image may have no udev. Arguments: the command. */
export const IMAGE_AGENT_SCRIPT = `#!/.microvm/bin/sh
device=''
for port in /sys/class/virtio-ports/*; do
  read -r name <"$port/name" || continue
  [ "$name" != org.qemu.guest_agent.0 ] || device=/dev/\${port##*/}
done
exec "$@" --method virtio-serial --path "$device" --statedir /run
`;

/** What udhcpc calls with what it learned, udhcpc(8): \`EVENT\`, and variables. */
export const IMAGE_DHCP_SCRIPT = `#!/.microvm/bin/sh
PATH=/.microvm/bin
interface=\${interface:-} ip=\${ip:-} mask=\${mask:-24} router=\${router:-} dns=\${dns:-} domain=\${domain:-}
case $1 in
  bound | renew)
    ip address replace "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "\${router%% *}" dev "$interface"
    case $dns,$(cat /etc/resolv.conf 2>/dev/null) in
      ,* | *nameserver*) ;;
      *)
        # It may lead to a file of systemd-resolved's, which does not run here.
        mkdir -p /run/systemd/resolve
        {
          [ -z "$domain" ] || echo "search $domain"
          for server in $dns; do echo "nameserver $server"; done
        } >>/etc/resolv.conf ;;
    esac ;;
esac
`;

/** Powers off, whatever the arguments: what the guest's agent calls as `/sbin/shutdown`. */
export const IMAGE_SHUTDOWN_SCRIPT = `#!/.microvm/bin/sh
kill -USR2 1
`;
