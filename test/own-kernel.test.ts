/** A guest of squashfs disks, started by root as another user with a kernel and an initrd of the project's own. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cpioArchive } from "../src/guest/cpio.ts";
import { INIT_SCRIPT } from "../src/guest/init-script.ts";
import { copyFileSync, writeFileSync } from "../src/os/files.ts";
import { environment, guestProject, microvm, needsRoot, startMicrovm } from "./support.ts";

const USER_ID = 65534;

// One processor: QEMU 10.0's emulation of several may end while a kernel finds its devices, and of an initrd that is the
// project's nobody knows whether it starts processors afterwards.
const SETTINGS = `
  microvm: {
    vcpu: 1,
    kernel: "./bzImage",
    initrdPath: "./initrd.img",
    storeDiskType: "squashfs",
    user: "nobody",
    registerClosure: false,
    graphics: { enable: true, backend: "headless" },
    shares: [{ tag: "etc", source: "/etc", mountPoint: "/mnt", proto: "virtiofs", readOnly: true }],
    qemu: { pcieRootPorts: [{ id: "rp1" }] },
    volumes: [{ image: "data.img", size: 16, mountPoint: "/data", fsType: "ext4" }],
  },
`;

/** The program's own script, with a line more: of several archives the kernel takes the last file of a name. */
const OWN_INIT = INIT_SCRIPT.replace("step modules", 'echo "<6>of the project" >/dev/kmsg\nstep modules');

/** What goes into the initrd that is taken out of a runner: programs of busybox, and who is there at which time. */
const INITRD = `{
  kernelModules: ["squashfs"],
  preDeviceCommands: "grep -c overlay /proc/filesystems >/told || true",
  postDeviceCommands: "grep -c overlay /proc/filesystems >>/told; ls /root | wc -l >>/told",
  postMountCommands: "tr '\\\\n' ' ' </told >$targetRoot/etc/told-by-initrd",
}`;

const SCRIPT = `
  cat /etc/told-by-initrd; echo
  dmesg | grep -o 'of the project'
  for disk in /dev/vd?; do head -c 4 $disk; done | grep -ao hsqs | wc -l
  ls /usr/lib/modules 2>&1 | grep -o 'No such file'
  grep -h 0x1050 /sys/bus/pci/devices/*/device
  grep -l 0x060400 /sys/bus/pci/devices/*/class | wc -l
  dpkg-query -W | wc -l
  touch /data/file && echo kept
  test -s /mnt/passwd && echo shared
  echo END; sleep 2`;

const EXPECTED = [
  "0 1 0 ",
  "of the project",
  "2",
  "No such file",
  "0x1050",
  "1",
  "0",
  "kept",
  "shared",
  "END",
];

/** A project whose kernel and initrd are those of a package set, taken out of a runner. */
async function ownProject(): Promise<string> {
  const built = await microvm(["build", guestProject(`boot: { initrd: ${INITRD} }`)]);
  assert.equal(built.code, 0, built.stderr);
  const system = realpathSync(join(built.stdout.trim(), "share/microvm/system"));
  const project = guestProject(SETTINGS);
  copyFileSync(join(system, "kernel"), join(project, "bzImage"));
  const init = { path: "init", type: "file", mode: 0o755, content: Buffer.from(OWN_INIT) } as const;
  const initrd = [readFileSync(join(system, "initrd")), cpioArchive([init])];
  writeFileSync(join(project, "initrd.img"), Buffer.concat(initrd));
  return project;
}

/** Directory and user of the one hypervisor of this file's state directory. */
function hypervisor(): { readonly directory: string; readonly uid: number } {
  const state = environment().MICROVM_STATE_DIR!;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const directory = readlinkSync(`/proc/${pid}/cwd`);
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (!directory.startsWith(state) || !words.includes("process=microvm@guest")) continue;
      return { directory, uid: statSync(`/proc/${pid}`).uid };
    } catch {
      // It has ended, or is the kernel's.
    }
  }
  throw new Error("no hypervisor runs");
}

test("squashfs disks boot, by the project's own kernel and initrd, in another user's process", {
  skip: needsRoot,
}, async () => {
  const { until, exited, output } = startMicrovm(["run", await ownProject(), "--quiet", "--exec", SCRIPT]);
  await until(/^END$/m);
  const { directory, uid } = hypervisor();
  const owner = (name: string) => statSync(join(directory, name)).uid;
  assert.deepEqual([uid, owner("data.img"), owner("guest.sock")], [USER_ID, USER_ID, USER_ID]);
  // What root follows or writes, the user cannot replace.
  assert.deepEqual([owner("."), owner("console.log"), statSync(directory).mode & 0o7777], [0, 0, 0o1770]);
  assert.equal(await exited, 0, output());
  assert.deepEqual(output().trim().split("\n"), EXPECTED);
});
