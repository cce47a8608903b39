import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleOrder } from "./initrd.ts";

/** As depmod writes it: what a module needs, the furthest last. */
const DEP = `kernel/fs/erofs/erofs.ko.xz: kernel/lib/netfs.ko.xz kernel/lib/libcrc32c.ko.xz
kernel/lib/netfs.ko.xz: kernel/lib/libcrc32c.ko.xz
kernel/lib/libcrc32c.ko.xz:
kernel/drivers/block/virtio_blk.ko:
kernel/net/9p/9pnet-virtio.ko:
`;
const BUILTIN = "kernel/fs/fuse/fuse.ko\nkernel/fs/overlayfs/overlay.ko\n";

test("what a module needs is loaded before it, and once", () => {
  assert.deepEqual(moduleOrder(DEP, BUILTIN, ["virtio_blk", "erofs", "netfs"]), [
    "kernel/drivers/block/virtio_blk.ko",
    "kernel/lib/libcrc32c.ko.xz",
    "kernel/lib/netfs.ko.xz",
    "kernel/fs/erofs/erofs.ko.xz",
  ]);
});

test("modules that are built in are not loaded", () => {
  assert.deepEqual(moduleOrder(DEP, BUILTIN, ["overlay", "fuse"]), []);
});

test("dashes and underscores in a module's name are the same", () => {
  const found = ["kernel/net/9p/9pnet-virtio.ko"];
  assert.deepEqual(moduleOrder(DEP, BUILTIN, ["9pnet_virtio"]), found);
  assert.deepEqual(moduleOrder(DEP, BUILTIN, ["9pnet-virtio"]), found);
});

test("a module that the kernel does not have is named", () => {
  assert.throws(() => moduleOrder(DEP, BUILTIN, ["erofs", "btrfs"]), {
    code: "package-not-found",
    message: 'The kernel has no module "btrfs"',
    hint: 'Choose another kernel with "boot.kernelPackage", or leave the module out',
  });
});
