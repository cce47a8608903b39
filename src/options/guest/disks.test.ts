import assert from "node:assert/strict";
import { test } from "node:test";
import { withFile } from "../../module-system/index.ts";
import { guest, guestConfig } from "../testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
const faultsOf = (config: any) => guest(() => ({ imports: [withFile("web.ts", { config })] })).faults;

const volume = (fields: object) => ({ image: "a.img", size: 512, ...fields });
const volumeFaults = (...volumes: object[]) => faultsOf({ microvm: { volumes } });

test("volumes and shares are file systems, which may be told more", () => {
  const { fileSystems } = guestConfig({
    microvm: {
      volumes: [
        volume({ mountPoint: "/data/", label: "data" }),
        volume({ image: "b", mountPoint: "/ro", readOnly: true }),
      ],
      shares: [{ tag: "www", source: "/srv/www", mountPoint: "/var/www", proto: "virtiofs" }],
    },
    fileSystems: { "/data": { options: ["noatime"], neededForBoot: true } },
  });
  const plain = { label: null, depends: [], neededForBoot: false, autoFormat: false, autoResize: false };
  assert.deepEqual(fileSystems, {
    "/data": {
      ...plain,
      device: "/dev/disk/by-label/data",
      fsType: "ext4",
      options: ["rw", "noatime"],
      neededForBoot: true,
      autoResize: true,
    },
    "/ro": {
      ...plain,
      device: "/dev/disk/by-id/virtio-vol-3e23e8160039594a",
      fsType: "ext4",
      options: ["ro"],
    },
    "/var/www": { ...plain, device: "www", fsType: "virtiofs", options: ["rw"] },
  });
});

test("a mount on what belongs to the layers is refused, with the option that asks for it", () => {
  const owned = (place: string, hidden: string) =>
    `fileSystems."${place}" would hide what the guest itself has at "${hidden}": mount it elsewhere`;
  const places = {
    "/usr": "/usr/bin",
    "/etc/systemd": "/etc/systemd",
    "/etc/systemd/system": "/etc/systemd",
  };
  for (const [place, hidden] of Object.entries({
    ...places,
    "/lib": "/lib",
    "/run": "/run/systemd",
    "/proc/x": "/proc",
  })) {
    assert.deepEqual(volumeFaults(volume({ mountPoint: place })), [
      `${owned(place, hidden)}, by "microvm.volumes.0.mountPoint", in "web.ts"`,
    ]);
    assert.deepEqual(faultsOf({ fileSystems: { [place]: { fsType: "tmpfs" } } }), [
      `${owned(place, hidden)}, in "web.ts"`,
    ]);
  }
  assert.deepEqual(faultsOf({ fileSystems: { "/": { fsType: "tmpfs" } } }), [
    '"fileSystems" has "/", which is no directory below "/"',
  ]);
  const share = { tag: "a", source: "/srv", mountPoint: "/var" };
  assert.deepEqual(faultsOf({ microvm: { shares: [share] } }), [
    'fileSystems."/var" would hide what the guest\'s layers have there: only a volume of "microvm.volumes" is stacked on it, by "microvm.shares.0.mountPoint", in "web.ts"',
  ]);
});

test("what lies on a volume can be stacked and mounted early, other things cannot", () => {
  for (const place of ["/etc", "/var", "/var/lib", "/var/log"]) {
    assert.deepEqual(volumeFaults(volume({ mountPoint: place })), []);
    assert.deepEqual(volumeFaults(volume({ mountPoint: place, fsType: "vfat" })), [
      `fileSystems."${place}" has the type "vfat", and changes to what the layers have there cannot be kept on it, by "microvm.volumes.0.mountPoint", in "web.ts"`,
    ]);
  }
  const late = {
    microvm: { volumes: [volume({ mountPoint: "/var" })] },
    fileSystems: { "/var": { neededForBoot: false } },
  };
  assert.match(faultsOf(late)[0]!, /^fileSystems\."\/var"\.neededForBoot is false, and only the initrd can/);
  assert.deepEqual(faultsOf({ fileSystems: { "/x": { fsType: "tmpfs", neededForBoot: true } } }), [
    'fileSystems."/x".neededForBoot is true, and the initrd mounts nothing but volumes of "microvm.volumes", in "web.ts"',
  ]);
});

test("a file system says what is mounted, once, and asks for nothing that its type cannot", () => {
  assert.deepEqual(faultsOf({ fileSystems: { "/a": { fsType: "ext4" } } }), [
    'fileSystems."/a" has neither "device" nor "label": nothing says what is mounted, in "web.ts"',
  ]);
  assert.deepEqual(faultsOf({ fileSystems: { "/a": { device: "/dev/vdz", label: "a" } } }), [
    'fileSystems."/a" has both "device" and "label": give one of them, in "web.ts"',
  ]);
  assert.deepEqual(
    faultsOf({ fileSystems: { "/a": { device: "/dev/vdz", fsType: "vfat", autoResize: true } } }),
    [
      'fileSystems."/a".autoResize is true, and "vfat" cannot be grown here: set "fsType" to one of "ext2", "ext3", "ext4", "xfs", "btrfs", in "web.ts"',
    ],
  );
});

test("two mounts on one place are named with their files", () => {
  const config = {
    microvm: { volumes: [volume({ mountPoint: "/data" })] },
    systemd: { mounts: [{ what: "tmpfs", where: "/data" }] },
  };
  assert.deepEqual(faultsOf(config), [
    '"microvm.volumes.0" and "systemd.mounts.0" are mounted on one place, "/data", in "web.ts"',
  ]);
});

test("a volume has a size, and a label and a size that its file system takes", () => {
  assert.deepEqual(volumeFaults(volume({ size: null })), [
    '"microvm.volumes.0.size" is null, and "a.img" is created when it is not there: give its size, or set "autoCreate" to false, in "web.ts"',
  ]);
  assert.deepEqual(volumeFaults(volume({ size: null, autoCreate: false })), []);
  assert.deepEqual(volumeFaults(volume({ fsType: "vfat", label: "more-than-eleven" })), [
    '"microvm.volumes.0.label" is "more-than-eleven": a label of vfat has at most 11 characters, in "web.ts"',
  ]);
  assert.deepEqual(volumeFaults(volume({ fsType: "xfs", size: 299 })), [
    '"microvm.volumes.0.size" is 299 MiB: xfs needs at least 300 MiB, in "web.ts"',
  ]);
  assert.deepEqual(volumeFaults(volume({ label: "a" }), volume({ image: "b", label: "a" })), [
    '"microvm.volumes.1.label" is "a", which another volume has: a guest finds volumes by label, in "web.ts"',
  ]);
  assert.deepEqual(volumeFaults(volume({ serial: "a" }), volume({ image: "b", serial: "a" })), [
    '"microvm.volumes.1.serial" is "a", which another volume has, in "web.ts"',
  ]);
});

test("the system is kept on a volume, not on what does not last", () => {
  const kept = (writableStoreOverlay: string, fields: object = {}) =>
    faultsOf({ microvm: { writableStoreOverlay, volumes: [volume({ mountPoint: "/rw", ...fields })] } });
  assert.deepEqual(kept("/rw/system"), []);
  const fault = (path: string) =>
    `"microvm.writableStoreOverlay" is "${path}", which is on no volume that can keep a system: declare one with a "mountPoint" that the path lies below, not read-only, of a type other than vfat, in "web.ts"`;
  assert.deepEqual(kept("/elsewhere"), [fault("/elsewhere")]);
  assert.deepEqual(kept("/rw/system", { fsType: "vfat" }), [fault("/rw/system")]);
  assert.deepEqual(kept("/rw", { readOnly: true }), [fault("/rw")]);
});

test("swap is on a volume or a device, named once, and not encrypted", () => {
  const swapFaults = (...swapDevices: object[]) =>
    faultsOf({
      swapDevices,
      microvm: {
        volumes: [volume({ mountPoint: "/data" }), volume({ image: "b", fsType: "btrfs", mountPoint: "/b" })],
      },
    });
  const file = { device: "/data/swap", size: 16 };
  assert.deepEqual(swapFaults(file), []);
  assert.deepEqual(swapFaults({ label: "swap" }, { device: "/dev/vdz" }), []);
  assert.deepEqual(swapFaults({}), ['"swapDevices.0" needs either "device" or "label"']);
  assert.deepEqual(swapFaults(file, file), [
    '"swapDevices.1" is "/data/swap", which another one is, too, in "web.ts"',
  ]);
  assert.deepEqual(swapFaults({ ...file, randomEncryption: { enable: true } }), [
    '"swapDevices.0.randomEncryption.enable" is true, and swap cannot be encrypted here: encrypt the volume\'s file on the host, in "web.ts"',
  ]);
  assert.deepEqual(swapFaults({ device: "/dev/vdz", size: 1 }), [
    '"swapDevices.0.size" is for a swap file, and "/dev/vdz" is a device, in "web.ts"',
  ]);
  for (const device of ["/swapfile", "/b/swap"]) {
    assert.deepEqual(swapFaults({ device, size: 1 }), [
      `"swapDevices.0.device" is "${device}", which is on no volume that can be swapped to: declare one whose "mountPoint" is above it, not read-only, of the type ext2, ext3, ext4 or xfs, in "web.ts"`,
    ]);
  }
});

test("a file that is declared twice with different content is refused, by options and files", () => {
  const twice = (etc: object, file: object) =>
    guest(() => ({
      imports: [
        withFile("a.ts", { config: { environment: { etc: { motd: etc } } } }),
        withFile("b.ts", { config: { environment: { files: { "/etc/motd": file } } } }),
      ],
    })).faults;
  assert.deepEqual(twice({ text: "x" }, { text: "x", mode: "644" }), []);
  assert.deepEqual(twice({ text: "x" }, { text: "y" }), [
    '"/etc/motd" is declared twice with different content, by environment.etc."motd", in "a.ts" and by environment.files."/etc/motd", in "b.ts"',
  ]);
  assert.deepEqual(twice({ text: "x" }, { text: "x", mode: "600" }).length, 1);
  assert.deepEqual(
    guest(() => ({
      imports: [
        withFile("a.ts", { config: { environment: { etc: { motd: { text: "x" } } } } }),
        withFile("b.ts", { config: { environment: { etc: { motd: { text: "y" } } } } }),
      ],
    })).faults.map((fault) => fault.replace(/\s+/g, " ")).length,
    1,
  );
});

test("a file is no directory of another", () => {
  const text = { text: "" };
  assert.deepEqual(faultsOf({ environment: { etc: { a: text }, files: { "/etc/a/b": text } } }), [
    '"/etc/a" is declared as a file by environment.etc."a", in "web.ts", and as a directory by environment.files."/etc/a/b", in "web.ts"',
  ]);
});
