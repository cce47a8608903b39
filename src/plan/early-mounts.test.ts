import assert from "node:assert/strict";
import { test } from "node:test";
import { guestConfig } from "../options/testing/evaluate.ts";
import { earlyMountWords } from "./early-mounts.ts";
import { imageFstab } from "./guest-files/file-systems.ts";
import { guestFiles } from "./guest-files.ts";

// biome-ignore lint/suspicious/noExplicitAny: a module of a guest
const wordsOf = (module: any, isImage = false) => earlyMountWords(guestConfig(module), isImage);

const volume = (fields: object) => ({ image: "a.img", serial: "a", size: 64, ...fields });

test("without volumes the root is in memory, and all of it can be written in a guest of an image", () => {
  assert.deepEqual(wordsOf({}), ["microvm.writable=none"]);
  assert.deepEqual(wordsOf({}, true), ["microvm.writable=tmpfs"]);
  assert.deepEqual(wordsOf({ microvm: { writableStoreOverlay: true } }), ["microvm.writable=tmpfs"]);
  assert.deepEqual(wordsOf({ microvm: { writableStoreOverlay: false } }, true), ["microvm.writable=none"]);
});

test("the initrd is told which volumes it mounts, which it stacks, and where the system is kept", () => {
  const module = {
    microvm: {
      writableStoreOverlay: "/rw/deep/er/",
      volumes: [
        volume({ mountPoint: "/rw/", fsType: "xfs", size: 300 }),
        volume({ image: "b", serial: "b", mountPoint: "/var/lib" }),
        volume({ image: "c", serial: "c", mountPoint: "/var" }),
        volume({ image: "d", serial: "d", mountPoint: "/data" }),
        volume({ image: "e", serial: "e", mountPoint: "/late" }),
      ],
    },
    fileSystems: {
      "/data": { neededForBoot: true, options: ["noatime", "nofail", "x-initrd.mount"] },
      "/tmp": { fsType: "tmpfs" },
    },
  };
  assert.deepEqual(wordsOf(module), [
    "microvm.writable=volume:a/deep/er",
    "microvm.volume=d:ext4:rw,noatime",
    "microvm.volume=a:xfs:rw",
    "microvm.volume=c:ext4:rw",
    "microvm.volume=b:ext4:rw",
    "microvm.mount=d:/data",
    "microvm.mount=a:/rw",
    "microvm.stack=c:/var",
    "microvm.stack=b:/var/lib",
    "microvm.tmp=none",
  ]);
});

test("a place that the kernel's command line cannot hold is refused", () => {
  const module = {
    microvm: { volumes: [volume({ mountPoint: "/a b" })] },
    fileSystems: { "/a b": { neededForBoot: true } },
  };
  assert.throws(() => wordsOf(module), {
    code: "config-invalid",
    message: /^Cannot mount a volume at "\/a b": the kernel is told the place/,
  });
});

const fstab = (module: object) => {
  const entry = guestFiles(guestConfig(module), null).entries.find(({ path }) => path === "etc/fstab");
  return entry?.type === "file" ? entry.text : undefined;
};

const everything = {
  microvm: {
    volumes: [
      volume({ mountPoint: "/var" }),
      volume({ image: "b", serial: "b", mountPoint: "/my data", label: "data", fsType: "vfat" }),
    ],
  },
  fileSystems: {
    "/scratch": { fsType: "tmpfs", options: ["size=1G"], depends: ["/var"] },
    "/other": { label: "other", fsType: "ext4", autoFormat: true, autoResize: true },
  },
  swapDevices: [
    { device: "/dev/vdz", priority: 3, discardPolicy: "both" },
    { label: "swap", discardPolicy: "once" },
  ],
};

test("fstab has what the initrd does not mount, by label where there is one, and swap", () => {
  assert.deepEqual(fstab(everything)!.trim().split("\n").sort(), [
    "/dev/disk/by-id/virtio-a /run/microvm/volumes/a ext4 rw,x-systemd.growfs 0 0",
    "/dev/disk/by-label/data /my\\040data vfat rw 0 0",
    "/dev/disk/by-label/other /other ext4 defaults,x-systemd.makefs,x-systemd.growfs 0 0",
    "/dev/disk/by-label/swap none swap defaults,discard=once 0 0",
    "/dev/vdz none swap defaults,pri=3,discard 0 0",
    "tmpfs /scratch tmpfs size=1G,x-systemd.requires-mounts-for=/var 0 0",
  ]);
});

test("the init of an image finds volumes by serial number, and is told nothing that is systemd's", () => {
  const entry = imageFstab(
    guestConfig({ microvm: { volumes: [volume({ mountPoint: "/a", label: "a" })] } }),
    null,
  );
  assert.deepEqual(entry, {
    path: "etc/fstab",
    type: "file",
    text: "/dev/disk/by-id/virtio-a /a ext4 rw 0 0\n",
  });
});

test("new volumes get the owner of what they hide, but for stacked ones and those without owners", () => {
  const { systemd } = guestConfig({
    microvm: {
      volumes: [
        volume({ mountPoint: "/it's" }),
        volume({ image: "b", serial: "b", mountPoint: "/var" }),
        volume({ image: "c", serial: "c", mountPoint: "/c", fsType: "vfat" }),
      ],
    },
  });
  assert.match(systemd.services["volume-owners"]!.script, /\n}\nadopt '\/it'\\''s'\n$/);
  assert.equal(guestConfig(everything).systemd.services["volume-owners"], undefined);
});
