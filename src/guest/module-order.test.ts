import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleOrder } from "./module-order.ts";

/** As depmod writes it: what a module needs, the furthest last. */
const DEP = `kernel/fs/erofs/erofs.ko.xz: kernel/lib/netfs.ko.xz kernel/lib/libcrc32c.ko.xz
kernel/lib/netfs.ko.xz: kernel/lib/libcrc32c.ko.xz
kernel/lib/libcrc32c.ko.xz:
kernel/drivers/block/virtio_blk.ko:
kernel/net/9p/9pnet-virtio.ko:
kernel/fs/xfs/xfs.ko: kernel/lib/other.ko
kernel/lib/other.ko:
kernel/crypto/crc32c_intel.ko:
kernel/crypto/crc32c_generic.ko:
`;
const BUILTIN = "kernel/fs/fuse/fuse.ko\nkernel/fs/overlayfs/overlay.ko\n";
const LISTS = {
  dep: DEP,
  builtin: BUILTIN,
  softdep: "# comment\nsoftdep other pre: crc32c nothing post: later\n",
  alias: "alias crc32c crc32c_intel\nalias crc32c crc32c_generic\nalias fs-xfs xfs\n",
};

test("what a module asks for when it starts is loaded before it, the generic one of several", () => {
  assert.deepEqual(moduleOrder(LISTS, ["xfs"]), [
    "kernel/crypto/crc32c_generic.ko",
    "kernel/lib/other.ko",
    "kernel/fs/xfs/xfs.ko",
  ]);
});

test("welcome modules come last, and need not be there", () => {
  assert.deepEqual(moduleOrder(LISTS, ["virtio_blk"], ["nowhere", "netfs", "fuse"]), [
    "kernel/drivers/block/virtio_blk.ko",
    "kernel/lib/libcrc32c.ko.xz",
    "kernel/lib/netfs.ko.xz",
  ]);
});

test("what a module needs is loaded before it, and once", () => {
  assert.deepEqual(moduleOrder(LISTS, ["virtio_blk", "erofs", "netfs"]), [
    "kernel/drivers/block/virtio_blk.ko",
    "kernel/lib/libcrc32c.ko.xz",
    "kernel/lib/netfs.ko.xz",
    "kernel/fs/erofs/erofs.ko.xz",
  ]);
});

test("modules that are built in are not loaded", () => {
  assert.deepEqual(moduleOrder(LISTS, ["overlay", "fuse"]), []);
});

test("dashes and underscores in a module's name are the same", () => {
  const found = ["kernel/net/9p/9pnet-virtio.ko"];
  assert.deepEqual(moduleOrder(LISTS, ["9pnet_virtio"]), found);
  assert.deepEqual(moduleOrder(LISTS, ["9pnet-virtio"]), found);
});

test("a module that the kernel does not have is named", () => {
  assert.throws(() => moduleOrder(LISTS, ["erofs", "btrfs"]), {
    code: "package-not-found",
    message: 'The kernel has no module "btrfs"',
    hint: 'Choose another kernel with "boot.kernelPackage", or leave the module out',
  });
});
