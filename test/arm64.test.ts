/** A guest of another architecture: configured and run by emulators, and nothing of the host is changed for it. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { runToEnd } from "../src/os/processes.ts";
import { hostArchitecture } from "../src/packages/host-tools.ts";
import { microvm, project } from "./support.ts";

const skip = await reasonToSkip();

/** Below Linux 6.7 an emulator can be registered for the whole machine only, which no test does. */
async function reasonToSkip(): Promise<string | false> {
  if (hostArchitecture() === "arm64") return "this machine is of that architecture";
  const mount = "mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc";
  const { code } = await runToEnd(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount]);
  return code === 0 ? false : "this kernel has no binfmt_misc in user namespaces (Linux 6.7)";
}

const registered = () => readdirSync("/proc/sys/fs/binfmt_misc");

test("an arm64 guest is built on amd64, and boots", { skip, timeout: 600_000 }, async () => {
  const before = registered();
  const directory = project({
    "microvm.config.ts": `
      import { debian, defineProject } from "microvm";
      export default defineProject({ microvms: { guest: {
        pkgs: debian({ suite: "trixie", architecture: "arm64" }),
        config: { microvm: { vcpu: 1 } },
      } } });
    `,
  });
  const script =
    "uname -m; dpkg --print-architecture; systemctl is-system-running --wait; stat -c %a /usr/bin/su";
  const { stdout, stderr, code } = await microvm(["run", directory, "--exec", script]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "aarch64\narm64\nrunning\n4755\n");
  assert.deepEqual(registered(), before);
});
