/** The initrd's one script. */

/** Applets of busybox that the script uses; the initrd has a link for each. */
export const INIT_APPLETS = [
  "cat",
  "chmod",
  "chown",
  "cp",
  "insmod",
  "ls",
  "mkdir",
  "mount",
  "poweroff",
  "sh",
  "sleep",
  "stat",
  "switch_root",
  "umount",
] as const;

/** The guest's own commands, files below `/hooks`: when they run says their option. */
export const INITRD_HOOKS = ["preDeviceCommands", "postDeviceCommands", "postMountCommands"] as const;

/**
 * `/init`: loads the modules, mounts the layers, stacks them, and hands over to the guest's own init.
 * It is told what to do by words on the kernel's command line (see `kernelWords`).
 */
export const INIT_SCRIPT = `#!/bin/sh
# Stacks the guest's layers and hands over to its init.
export PATH=/bin

fail() {
  echo "microvm: initrd: $*" >/dev/console
  poweroff -f
}

mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys

# What takes time is told to the kernel's log, which has the time: \`microvm analyze\` reads it.
step() {
  echo "<6>microvm: initrd: $*" >/dev/kmsg
}

store='' layers='' writable=none store_mount='' init=/sbin/init volumes='' stacks='' mounts='' tmp=tmpfs cpus=some signatures=kept slice=''
read -r line </proc/cmdline
for word in $line; do
  case $word in
    microvm.store=*) store=\${word#*=} ;;
    microvm.store_mount=*) store_mount=\${word#*=} ;;
    microvm.layers=*) layers=\${word#*=} ;;
    microvm.init=*) init=\${word#*=} ;;
    microvm.writable=*) writable=\${word#*=} ;;
    microvm.volume=*) volumes="$volumes \${word#*=}" ;;
    microvm.stack=*) stacks="$stacks \${word#*=}" ;;
    microvm.mount=*) mounts="$mounts \${word#*=}" ;;
    microvm.tmp=*) tmp=\${word#*=} ;;
    microvm.cpus=*) cpus=\${word#*=} ;;
    microvm.signatures=*) signatures=\${word#*=} ;;
    microvm.slice_ns=*) slice=\${word#*=} ;;
  esac
done

# Runs the guest's own commands, which may call any program of busybox.
hook() {
  [ -f "/hooks/$1" ] || return 0
  targetRoot=/root sh -e "/hooks/$1" || fail "the commands of boot.initrd.$1 failed"
}
[ ! -d /hooks ] || /bin/busybox --install -s /bin 2>/dev/null

if [ "$cpus" = all ]; then
  step processors
  for cpu in /sys/devices/system/cpu/cpu*/online; do
    read -r state <"$cpu"
    [ "$state" = 1 ] || echo 1 >"$cpu" ||
      echo "<3>microvm: cannot start the processor \${cpu%/online}" >/dev/kmsg
  done
fi

# After the processors: with each the kernel computes it anew. A kernel that is locked down keeps its own.
if [ -n "$slice" ] && mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null; then
  echo "$slice" 2>/dev/null >/sys/kernel/debug/sched/base_slice_ns
  umount /sys/kernel/debug
fi

hook preDeviceCommands
step modules
while read -r module; do
  # A kernel that insists on the signature gets it.
  [ "$signatures" = none ] && insmod "/modules/$module" 2>/dev/null && continue
  [ ! -e "/modules/$module.signature" ] || cat "/modules/$module.signature" >>"/modules/$module"
  insmod "/modules/$module" || fail "cannot load the module $module"
done </modules/order
hook postDeviceCommands

# The block device whose serial number is $1, once it appears.
disk() {
  tries=0
  while [ "$tries" -lt 100 ]; do
    for block in /sys/block/*; do
      [ -r "$block/serial" ] || continue
      read -r serial <"$block/serial" || [ -n "$serial" ] || continue
      [ "$serial" = "$1" ] && { echo "/dev/\${block##*/}"; return; }
    done
    tries=$((tries + 1))
    sleep 0.1
  done
  fail "no disk with the serial number $1"
}

step store
mkdir -p /store /rw /root
case $store in
  disk:*)
    mount -t tmpfs -o mode=0755 tmpfs /store ;;
  virtiofs:*)
    mount -t virtiofs -o ro "\${store#*:}" /store || fail "cannot mount the share \${store#*:}" ;;
  9p:*)
    mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=1048576,cache=loose "\${store#*:}" /store ||
      fail "cannot mount the share \${store#*:}" ;;
  *)
    fail "the kernel's command line does not say where the store is" ;;
esac

step layers
lower=''
rest=$layers
while [ -n "$rest" ]; do
  layer=\${rest%%:*}
  case $rest in *:*) rest=\${rest#*:} ;; *) rest='' ;; esac
  case $store in disk:*)
    mkdir "/store/$layer"
    mount -t "\${store#*:}" -o ro "$(disk "\${layer%"\${layer#????????????????????}"}")" "/store/$layer" ||
      fail "cannot mount the layer $layer" ;;
  esac
  [ -d "/store/$layer" ] || fail "the store has no layer $layer"
  lower=\${lower:+$lower:}/store/$layer
done

for volume in $volumes; do
  serial=\${volume%%:*} settings=\${volume#*:}
  mkdir -p "/volumes/$serial"
  mount -t "\${settings%%:*}" -o "\${settings#*:}" "$(disk "$serial")" "/volumes/$serial" ||
    fail "cannot mount the volume with the serial number $serial as \${settings%%:*}"
done

# Makes what is written to $1 go to the directory $2. The rest is as in $3.
stack() {
  [ -d "$2/work" ] || mkdir -p "$2/upper" "$2/work"
  mount -t overlay -o "lowerdir=$3,upperdir=$2/upper,workdir=$2/work\${4:-}" overlay "$1" ||
    fail "cannot make \${1#/root} writable"
}
# Marks of other ways to stack, which could be misread once the layers below have changed, are not made.
lasting=',index=off,metacopy=off,redirect_dir=off'

# Directories of a guest whose system part is read-only that are writable all the same.
own_directories='etc var root home srv opt'

mount -t tmpfs -o mode=0755 tmpfs /rw
case $writable in
  none)
    mount -t overlay -o "ro,lowerdir=$lower" overlay /root || fail "cannot stack the layers" ;;
  volume:*)
    stack /root "/volumes/\${writable#*:}" "$lower" "$lasting" ;;
  *)
    stack /root /rw "$lower" ;;
esac
if [ -n "$stacks" ]; then
  # The stack itself, without what is mounted on it from here on.
  mkdir /plain
  mount -o bind /root /plain
fi
if [ "$writable" = none ]; then
  places=''
  for directory in $own_directories; do
    places="$places /rw/$directory/upper /rw/$directory/work"
  done
  # shellcheck disable=SC2086 # one process for all of them
  mkdir -p $places
  # Of these only root's own is for nobody else.
  chmod 0700 /rw/root/upper
  for directory in $own_directories; do
    case "$stacks " in *":/$directory "*) continue ;; esac
    [ -d "/root/$directory" ] || continue
    stack "/root/$directory" "/rw/$directory" "/root/$directory"
  done
fi
for stack in $stacks; do
  volume=/volumes/\${stack%%:*} directory=\${stack#*:}
  [ -d "$volume/upper" ] || {
    mkdir -p "$volume/upper"
    chown "$(stat -c %u:%g "/plain$directory")" "$volume/upper"
    chmod "$(stat -c %a "/plain$directory")" "$volume/upper"
  }
  stack "/root$directory" "$volume" "/plain$directory" "$lasting"
done

if [ -n "$stacks" ]; then
  # Where the volumes themselves are seen; systemd takes the directory as it is.
  mount -t tmpfs -o mode=0755,nosuid,nodev,size=20% tmpfs /root/run
  for stack in $stacks; do
    mkdir -p "/root/run/microvm/volumes/\${stack%%:*}"
    mount -o move "/volumes/\${stack%%:*}" "/root/run/microvm/volumes/\${stack%%:*}"
  done
fi
for mount in $mounts; do
  [ -d "/root\${mount#*:}" ] || mkdir -p "/root\${mount#*:}"
  mount -o move "/volumes/\${mount%%:*}" "/root\${mount#*:}" || fail "cannot mount a volume on \${mount#*:}"
done

step places
if [ -n "$store_mount" ] && [ -d "/root$store_mount" ]; then
  mount -o move /store "/root$store_mount"
fi
# systemd would start a process for each of these.
[ "$tmp" = none ] || mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /root/tmp
mkdir -p /dev/mqueue
mount -t mqueue -o nosuid,nodev,noexec mqueue /dev/mqueue
# Where there are programs already, the kernel would start one to look for a module.
[ ! -d /sys/fs/bpf ] || mount -t bpf -o nosuid,nodev,noexec,mode=0700 bpf /sys/fs/bpf
# Device nodes of modules that are loaded when they are opened.
cp -a /nodes/. /dev/

hook postMountCommands
step init
mount -o move /dev /root/dev
mount -o move /proc /root/proc
mount -o move /sys /root/sys
exec switch_root /root "$init" || fail "cannot start the guest's init"
`;
