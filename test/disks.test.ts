/** A guest whose layers are disks, and whose system is read-only. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guestProject, microvm } from "./support.ts";

const directory = guestProject(`
  environment: { packages: ["fping"] },
  microvm: {
    vcpu: 1,
    volumes: [{ image: "data.img", size: 64, mountPoint: "/data", label: "data" }],
  },
  users: { users: { alice: { isNormalUser: true, uid: 1234, extraGroups: ["adm"] } } },
  systemd: { services: { hello: { wantedBy: ["multi-user.target"], script: "echo hello >/run/hello", serviceConfig: { Type: "oneshot" } } } },
`);

test("layers reach the guest as shared erofs disks, and only its own directories can be written", async () => {
  const script = `
    systemctl is-system-running --wait
    findmnt -n -o FSTYPE,OPTIONS / | cut -c1-10
    ls /sys/block | grep -c vd
    touch /usr/bin/x 2>&1 | grep -o 'Read-only file system'
    touch /etc/x /var/x /root/x && echo written
    cat /run/hello
    id alice
    stat -c '%U %a' /home/alice
    getcap /usr/bin/fping
    findmnt -n -o FSTYPE /data`;
  const { stdout, stderr, code } = await microvm(["run", directory, "--exec", script]);
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    [
      "running",
      "overlay ro",
      "5",
      "Read-only file system",
      "written",
      "hello",
      "uid=1234(alice) gid=100(users) groups=100(users),4(adm)",
      "alice 700",
      // Set by the package's script, kept by the layer and by its image.
      "/usr/bin/fping cap_net_raw=ep",
      "ext4",
      "",
    ].join("\n"),
    stderr,
  );
});
