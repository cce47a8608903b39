#!/bin/sh
# Runs a command on what looks like a machine with systemd: switch-machine.sh DIRECTORY COMMAND...
# To be called in a mount namespace of its own. The machine's /etc is a copy, in DIRECTORY/etc. The program's calls of
# systemd go to stand-ins: every VM is said to run, and users are only groups in a file.
set -eu
directory=$1
shift
if [ ! -d /run/systemd/system ]; then
  mount -t tmpfs tmpfs /run
  mkdir -p /run/systemd/system
fi
if [ ! -d "$directory/etc" ]; then
  cp -R -L /etc "$directory/etc" 2>/dev/null || true
  mkdir "$directory/bin"
  cat >"$directory/bin/systemctl" <<'END'
#!/bin/sh
[ "$1" != show ] || exec cat "${0%/bin/*}/states"
END
  cat >"$directory/bin/systemd-sysusers" <<'END'
#!/bin/sh
number=20000
while read -r kind name _; do
  number=$((number + 1))
  case $kind in u | g) echo "$name:x:$number:" ;; esac
done <"$1" >>/etc/group
END
  for name in systemd-tmpfiles modprobe; do printf '#!/bin/sh\n' >"$directory/bin/$name"; done
  chmod 755 "$directory"/bin/*
fi
mount --bind "$directory/etc" /etc
PATH=$directory/bin:$PATH exec "$@"
