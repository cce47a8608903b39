/** Guests that are made from OCI images: one without an init, one with systemd. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { writeFileSync } from "../src/os/files.ts";
import { run } from "../src/os/processes.ts";
import { layoutArchive, layoutFiles, writeLayout } from "../src/packages/oci/testing.ts";
import { guestProject, microvm, needsRoot, project, STORE, startMicrovm } from "./support.ts";

/** Store paths of what images are made from here. */
const parts = { base: "", busybox: "" };

before(async () => {
  const { code, stderr } = await microvm(["build", guestProject("")]);
  assert.equal(code, 0, stderr);
  const names = readdirSync(STORE);
  const path = (suffix: string, program: string) =>
    names
      .filter((name) => name.endsWith(suffix))
      .map((name) => join(STORE, name))
      .find((tree) => isAmd64(join(tree, program)))!;
  parts.base = path("-trixie-base", "usr/bin/dash");
  parts.busybox = path("-busybox", "usr/bin/busybox");
});

/** Whether a program is for it: `e_machine` of its header, elf(5). The store may hold others' too. */
const isAmd64 = (program: string) => readFileSync(program).readUInt16LE(18) === 62;

/** A project with one VM of the image beside it. */
function imageProject(options: string, config = ""): string {
  return project({
    "microvm.config.ts": `
      import { defineProject, oci } from "microvm";
      export default defineProject({ microvms: { box: {
        pkgs: oci({ architecture: "amd64", ${options} }),
        config: { ${config} },
      } } });
    `,
  });
}

/** Version 2, cap_net_raw, effective; linux/capability.h. */
const CAPABILITY = Buffer.from("0100000200200000000000000000000000000000", "hex").toString("latin1");

const SERVER = `#!/bin/sh
echo "$0 $*: $(id -u):$(id -g) $(id -G) in $PWD, $GREETING from $PLACE, home $HOME"
hostname
trap 'echo told to stop; exit 0' TERM
while :; do sleep 1 & wait $!; done
`;

test("an image without an init: its process runs as its user, and its guest has what options say", async () => {
  const busybox = readFileSync(join(parts.busybox, "usr/bin/busybox"));
  const applets = ["sh", "id", "hostname", "sleep", "cat", "ls", "ip", "touch"];
  const files = layoutFiles({
    layers: [
      {
        compression: "gzip",
        files: [
          { path: "bin", type: "directory" },
          { path: "bin/busybox", content: busybox, mode: 0o755 },
          ...applets.map((name) => ({ path: `bin/${name}`, type: "symlink" as const, target: "busybox" })),
          { path: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv:/bin/sh\n" },
          { path: "etc/group", content: "root:x:0:\napp:x:1000:\naudio:x:29:app\n" },
          { path: "srv/old", content: "old" },
          { path: "data/old", content: "old" },
        ],
      },
      {
        compression: "zstd",
        files: [
          { path: "srv/.wh.old" },
          { path: "data/.wh..wh..opq" },
          { path: "data/new", content: "new" },
          { path: "serve", content: SERVER, mode: 0o755 },
          { path: "ping", content: "x", mode: 0o755, xattrs: { "security.capability": CAPABILITY } },
        ],
      },
    ],
    config: {
      Entrypoint: ["/serve"],
      Cmd: ["one", "two words"],
      Env: ["GREETING=hello 'you'", "PLACE=image", "PATH=/bin"],
      User: "app",
      WorkingDir: "/srv",
    },
  });
  const directory = imageProject(
    'layout: "image"',
    `microvm: { interfaces: [{ type: "user", id: "net0" }], volumes: [{ image: "data.img", size: 16, mountPoint: "/var/data" }] },
     environment: { variables: { PLACE: "options" } },
     networking: { hostName: "boxed" }`,
  );
  writeLayout(join(directory, "image"), files);
  const script = `
    echo "$PLACE"; hostname; ls /srv /data
    ip -o -4 address show dev eth0 | grep -o 'inet [0-9.]*'
    busybox getfattr -n security.capability /ping | grep -c '^security.capability='
    touch /var/data/x /usr-is-writable && echo written
    cat /proc/1/comm`;
  const { stdout, stderr, code } = await microvm(["run", directory, "--verbose", "--exec", script]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "options\nboxed\n/data:\nnew\n\n/srv:\ninet 10.0.2.15\n1\nwritten\ninit\n", stderr);
  assert.match(
    stderr,
    /\/serve one two words: 1000:1000 1000 29 in \/srv, hello 'you' from options, home \/srv\r?\nboxed/,
  );
  assert.match(stderr, /told to stop/);
});

test("when the image's process ends, its guest does, and an archive is as good as a layout", async () => {
  const files = layoutFiles({
    layers: [{ files: [] }],
    config: { Cmd: ["/bin/sh", "-c", "echo done; exit 3"] },
  });
  const directory = imageProject('archive: "image.tar", reference: "latest"');
  writeFileSync(join(directory, "image.tar"), layoutArchive(files));
  const vm = startMicrovm(["run", directory]);
  assert.equal(await vm.exited, 0, vm.output());
  assert.match(vm.output(), /done\r?\n[\s\S]*microvm: the image's process ended with exit status 3/);
});

test("an image with systemd is started by it", { skip: needsRoot }, async () => {
  const tar = await run(["tar", "--create", "--numeric-owner", "--directory", parts.base, "."]);
  const directory = imageProject(
    'layout: "image"',
    `microvm: { vcpu: 1 }, systemd: { services: { hello: { wantedBy: ["multi-user.target"], script: "echo hello >/run/hello", serviceConfig: { Type: "oneshot" } } } }`,
  );
  writeLayout(join(directory, "image"), layoutFiles({ layers: [{ tar }], config: { Cmd: ["/bin/bash"] } }));
  const script = "systemctl is-system-running --wait; cat /proc/1/comm /run/hello; stat -c %a /usr/bin/su";
  const { stdout, stderr, code } = await microvm(["run", directory, "--exec", script]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "running\nsystemd\nhello\n4755\n");
});
