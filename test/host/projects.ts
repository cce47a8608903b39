/** Projects of hosts, built on this machine first, so that a host in a container has nothing to fetch. */
import { join } from "node:path";
import { readTextIfExists } from "../../src/os/files.ts";
import { LOCK_FILE } from "../../src/paths.ts";
import { BUSYBOX, EMPTY_IMAGE, microvm, project, STORE_SHARE } from "../support.ts";
import type { Host } from "./container.ts";

/**
 * A guest's configuration whose hypervisor is never started: the runner's own process says that it is up and sleeps in
 * its place, below the real units, beside the real virtiofsd. What a host does with VMs can be seen without the minutes that booting takes.
 */
export function sleeper(version: string, microvm = ""): string {
  return `{
    microvm: {
      ${STORE_SHARE},
      preStart: "systemd-notify --ready; exec sleep infinity",
      ${microvm}
    },
    environment: { etc: { version: { text: ${JSON.stringify(version)} } } },
  }`;
}

/** A project whose host `default` has these options of `microvm`; as text, like the definitions of `microvms`. */
export function hostProject(host: string, microvms = "{}"): string {
  return `
    import { debian, defineProject, oci } from "microvm";
    const pkgs = debian({ suite: "trixie", architecture: "amd64" });
    const storeDir = "/var/lib/microvm/store";
    void pkgs, void storeDir, void oci;
    export default defineProject({
      hosts: { default: ({ storeDir, self }) => (void storeDir, void self, { microvm: ${host} }) },
      microvms: ${microvms},
    });
  `;
}

/** The lock of the project that was delivered last: the next one resolves only what is new in it. */
let lock: string | undefined;

/**
 * A VM without systemd, whose guest is up in a few seconds and answers whoever connects to its port 80 with this text.
 * `microvm` is what its configuration has of such options.
 */
export function imageVm(answer: string, microvm: string): string {
  const cmd = [BUSYBOX, "nc", "-ll", "-p", "80", "-e", BUSYBOX, "echo", answer];
  return `{
    pkgs: oci({ archive: "image.tar", architecture: "amd64", cmd: ${JSON.stringify(cmd)} }),
    config: { microvm: {
      mem: 256,
      ${STORE_SHARE},
      ${microvm}
    } },
  }`;
}

/** Writes a project to a host; with the lock, and all that its VMs are made from, made on this machine. */
export async function deliver(host: Host, text: string, directory = "/etc/microvm"): Promise<void> {
  const files = { "microvm.config.ts": text, "image.tar": EMPTY_IMAGE };
  const here = project({ ...files, ...(lock !== undefined && { [LOCK_FILE]: lock }) });
  const { code, stderr } = await microvm(["build", "--all", "--quiet", here]);
  if (code !== 0) throw new Error(`The host's VMs cannot be built:\n${stderr}`);
  for (const [name, content] of Object.entries(files)) await host.write(`${directory}/${name}`, content);
  lock = readTextIfExists(join(here, LOCK_FILE));
  await host.write(`${directory}/${LOCK_FILE}`, lock ?? "");
}
