#!/bin/sh
# Boots a systemd host in this process's place: boot.sh NAME DIRECTORY LAYERS OPTION…
# NAME is that of a control group; DIRECTORY has `upper` and `work` of the host's root, which is mounted on its `root`;
# LAYERS are below it, topmost first, with colons between. Every OPTION is systemd-nspawn's.
# It needs a mount namespace of its own: everything that is mounted here ends with it.
set -eu
name=$1
directory=$2
layers=$3
shift 3
groups=/sys/fs/cgroup
# The machine's own tree may be of the first version, which systemd no longer boots with.
umount -R "$groups"
mount -t cgroup2 cgroup2 "$groups"
mkdir -p "$groups/$name" "$directory/upper" "$directory/work" "$directory/root"
echo $$ >"$groups/$name/cgroup.procs"
mount -t overlay overlay \
  -o "lowerdir=$layers,upperdir=$directory/upper,workdir=$directory/work" "$directory/root"
exec systemd-nspawn --quiet --register=no --keep-unit --boot --console=pipe --private-network \
  --link-journal=no --resolv-conf=off --timezone=off \
  --directory="$directory/root" --bind=/dev/fuse --bind=/dev/net/tun "$@"
