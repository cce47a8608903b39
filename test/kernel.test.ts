/** Another kernel, and the store and a directory over 9p, which the kernel for virtual machines does not know. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { guestProject, microvm, temporaryDirectory } from "./support.ts";

const shared = temporaryDirectory();
writeFileSync(join(shared, "file"), "from the host\n");

const guest = (kernelPackage: string) =>
  guestProject(`
    boot: { kernelPackage: ${kernelPackage} },
    microvm: {
      vcpu: 1,
      shares: [
        { source: storeDir, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "9p" },
        { source: "${shared}", mountPoint: "/shared", tag: "shared", proto: "9p" },
      ],
    },
  `);

test("a kernel without 9p is refused when the guest is built, with the cure", async () => {
  const { stderr, code } = await microvm(["build", guest("null")]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: The kernel has no module "9pnet_virtio"\nhint: Choose another kernel with "boot\.kernelPackage"/m,
  );
});

test("the generic kernel boots from the store over 9p, and the guest reads and writes a shared directory", async () => {
  const script = `
    systemctl is-system-running --wait
    findmnt -n -o FSTYPE,OPTIONS /microvm/.ro-store | cut -c1-5
    cat /shared/file
    echo back >/shared/answer && cat /shared/answer
    touch /microvm/.ro-store/x 2>&1 | grep -o 'Read-only file system'`;
  const { stdout, stderr, code } = await microvm(["run", guest('"linux-image-amd64"'), "--exec", script]);
  assert.equal(stdout, "running\n9p ro\nfrom the host\nback\nRead-only file system\n", stderr);
  assert.equal(code, 0);
});
