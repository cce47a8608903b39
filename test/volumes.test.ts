/** Volumes of every type: made, mounted, owned, swapped to, kept and grown, asserted from inside the guest. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertChecks } from "./guest-checks.ts";
import { guestProject, microvm } from "./support.ts";

const directory = guestProject(`
  environment: { packages: ["postgresql-common"] },
  // A busy machine without hardware virtualisation takes its time to load the modules of xfs and btrfs.
  boot: { kernelParams: ["systemd.default_device_timeout_sec=400", "systemd.default_timeout_start_sec=400"] },
  microvm: {
    vcpu: 1,
    writableStoreOverlay: "/rw/system",
    volumes: [
      { image: "ext4.img", size: 64, mountPoint: "/data/ext4", label: "ext4-data" },
      { image: "ext3.img", size: 64, mountPoint: "/data/ext3", fsType: "ext3" },
      { image: "ext2.vhd", size: 64, mountPoint: "/data/ext2", fsType: "ext2", imageType: "vhd" },
      { image: "xfs.qcow2", size: 300, mountPoint: "/data/xfs", label: "xfs-data", fsType: "xfs", imageType: "qcow2" },
      { image: "btrfs.img", size: 256, mountPoint: "/data/btrfs", label: "btrfs-data", fsType: "btrfs" },
      { image: "vfat.vhdx", size: 64, mountPoint: "/data/vfat", label: "VFATDATA", fsType: "vfat", imageType: "vhdx" },
      { image: "owned.img", size: 64, mountPoint: "/var/lib/postgresql", mkfsExtraArgs: ["-N", "64"] },
      { image: "var.img", size: 128, mountPoint: "/var" },
      { image: "early.img", size: 64, mountPoint: "/srv" , label: "early" },
      { image: "rw.img", size: 128, mountPoint: "/rw", direct: true },
    ],
  },
  fileSystems: {
    "/data/ext4": { options: ["noatime"] },
    "/srv": { neededForBoot: true },
    "/tmp": { fsType: "tmpfs", options: ["size=8M", "mode=1777"] },
    "/scratch": { fsType: "tmpfs", options: ["size=4M"], depends: ["/srv"] },
  },
  swapDevices: [{ device: "/data/ext4/swapfile", size: 16, priority: 7 }],
  services: { openssh: { enable: true, hostKeys: [
    { path: "/etc/ssh/ssh_host_ed25519_key", type: "ed25519" },
    { path: "/var/lib/ssh/ssh_host_ecdsa_key", type: "ecdsa" },
  ] } },
`);

const PLACES = "/data/ext4 /data/ext3 /data/ext2 /data/xfs /data/btrfs";
const KEYS =
  "ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key; cat /var/lib/ssh/ssh_host_ecdsa_key.pub; sha256sum </var/lib/ssh/ssh_host_ecdsa_key; cat /etc/machine-id";
let keys = "";

test("volumes of every type are made, mounted where and as declared, and can be written", async () => {
  const answers = await assertChecks(directory, {
    state: ["systemctl is-system-running --wait; systemctl --failed --no-legend", /^running$/],
    types: [
      `findmnt -n -o FSTYPE ${PLACES.replaceAll(" ", "; findmnt -n -o FSTYPE ")}; findmnt -n -o FSTYPE /data/vfat`,
      /^ext4\next3\next2\nxfs\nbtrfs\nvfat$/,
    ],
    byLabel: [
      "grep /data /etc/fstab",
      /^\/dev\/disk\/by-label\/ext4-data \/data\/ext4 ext4 rw,noatime,x-systemd\.growfs 0 0$/m,
    ],
    bySerial: [
      "grep /data/ext3 /etc/fstab",
      /^\/dev\/disk\/by-id\/virtio-vol-[0-9a-f]{16} \/data\/ext3 ext3 rw,x-systemd\.growfs 0 0$/,
    ],
    noatime: ["findmnt -n -o OPTIONS /data/ext4", /noatime/],
    owner: ["stat -c '%U:%G %a' /var/lib/postgresql /data/ext3", /^postgres:postgres 755\nroot:root 755$/],
    // Without its header, and without pages that are not in one piece on the disk.
    swap: [
      "swapon --noheadings --bytes --show=NAME,SIZE,PRIO; stat -c '%a %s' /data/ext4/swapfile",
      /^\/data\/ext4\/swapfile 167[67]\d{4} +7\n600 16777216$/,
    ],
    early: [
      "findmnt -n -o FSTYPE,OPTIONS /srv; systemctl show -P ActiveEnterTimestampMonotonic srv.mount",
      /^ext4 +rw/,
    ],
    root: [
      "findmnt -n -o FSTYPE,OPTIONS / | tr , '\\n' | grep upperdir",
      /^upperdir=\/volumes\/vol-[0-9a-f]{16}\/system\/upper$/,
    ],
    stacked: [
      "findmnt -n -o FSTYPE /var; test -s /var/lib/dpkg/status && ls -d /run/microvm/volumes/*",
      /^overlay\n\/run\/microvm\/volumes\/vol-[0-9a-f]{16}$/,
    ],
    modes: ["stat -c %a /root /etc /var /tmp", /^700\n755\n755\n1777$/],
    tmp: ["findmnt -n -o SIZE /tmp; findmnt -n -o SIZE /scratch", /^ *8M\n *4M$/],
    written: [
      `for place in ${PLACES} /data/vfat /var/lib/postgresql /srv /var/log /usr/bin /etc; do echo kept >$place/kept; done && echo yes`,
      /^yes$/,
    ],
    package: [
      "mkdir -p /root/p/DEBIAN /root/p/usr/share/own && echo hello >/root/p/usr/share/own/file && printf 'Package: own\\nVersion: 1\\nArchitecture: all\\nMaintainer: me <me@example.org>\\nDescription: mine\\n' >/root/p/DEBIAN/control && dpkg-deb -b /root/p /root/own.deb >/dev/null && dpkg -i /root/own.deb >/dev/null && dpkg-query -W own; sync",
      /^own\t1$/,
    ],
    keys: [KEYS, /^ssh-ed25519 \S+.*\necdsa-sha2-nistp256 \S+.*\n[0-9a-f]{64} .*\n[0-9a-f]{32}$/],
  });
  keys = answers.keys!;
});

test("what was written lasts, and file systems are as large as volumes that were declared larger", async () => {
  const file = join(directory, "microvm.config.ts");
  const grown = readFileSync(file, "utf8")
    .replace(
      /(image: "(?:ext|btrfs|rw|var).*?size: )(\d+)/g,
      (_, before, size) => `${before}${Number(size) * 2}`,
    )
    .replace("size: 300", "size: 400");
  writeFileSync(file, grown);
  const size = (place: string) => `$(df -k --output=size ${place} | tail -n 1)`;
  const answers = await assertChecks(directory, {
    state: ["systemctl is-system-running --wait; systemctl --failed --no-legend", /^running$/],
    kept: [
      `for place in ${PLACES} /data/vfat /var/lib/postgresql /srv /var/log /usr/bin /etc; do cat $place/kept; done | sort | uniq -c`,
      /^ *11 kept$/,
    ],
    package: ["dpkg-query -W own && cat /usr/share/own/file", /^own\t1\nhello$/],
    owner: ["stat -c %U /var/lib/postgresql", /^postgres$/],
    sizes: [
      `echo ${PLACES.split(" ").map(size).join(" ")} ${size("/rw")} ${size("/run/microvm/volumes/*")}`,
      /^\d/,
    ],
    keys: [KEYS, /./],
  });
  const sizes = answers.sizes!.split(" ").map((kib) => Number(kib) / 1024);
  const least = [110, 110, 110, 320, 500, 220, 220];
  assert.ok(sizes.length === least.length && sizes.every((mib, index) => mib > least[index]!), answers.sizes);
  assert.equal(answers.keys, keys);
});

/** What `run` says when the project's file is changed so; the file is as it was afterwards. */
async function refusal(pattern: RegExp, replacement: string) {
  const file = join(directory, "microvm.config.ts");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(pattern, replacement));
  const { stderr, code } = await microvm(["run", directory, "--exec", "true"]);
  writeFileSync(file, text);
  assert.equal(code, 1);
  return stderr;
}

test("a volume that is declared smaller than it is stops the start, and says what to do", async () => {
  assert.match(
    await refusal(/(?<before>image: "ext4.img", size: )\d+/, "$<before>32"),
    /the volume "ext4\.img" has 128 MiB, more than the 32 MiB of "microvm\.volumes\.0\.size", and volumes do not shrink: set/,
  );
  assert.match(
    await refusal(/(?<before>image: "xfs.qcow2", size: )\d+/, "$<before>310"),
    /the volume "xfs\.qcow2" has 400 MiB, more than the 310 MiB of "microvm\.volumes\.3\.size"/,
  );
});

test("a file system that cannot grow says so", async () =>
  assert.match(
    await refusal(/(?<before>image: "vfat.vhdx", size: )\d+/, "$<before>128"),
    /the volume "vfat\.vhdx" has 64 MiB, less than the 128 MiB of "microvm\.volumes\.5\.size", and its file system cannot be grown by the guest/,
  ));
