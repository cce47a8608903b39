/** Projects of hosts, built on this machine first, so that a host in a container has nothing to fetch. */

import { join } from "node:path";
import { readTextIfExists } from "../../src/os/files.ts";
import { LOCK_FILE } from "../../src/paths.ts";
import { microvm, project } from "../support.ts";
import type { Host } from "./container.ts";

/** The smallest guest that is quick to boot: no share, 256 MiB. */
export const SMALL = `{ microvm: { mem: 256 } }`;

/** A project whose host `default` has these options and whose `microvms` are these; both as text of the file. */
export function hostProject(host: string, microvms = "{}"): string {
  return `
    import { debian, defineProject } from "microvm";
    const pkgs = debian({ suite: "trixie", architecture: "amd64" });
    void pkgs;
    export default defineProject({
      hosts: { default: ({ storeDir, self }) => (void storeDir, void self, { microvm: ${host} }) },
      microvms: ${microvms},
    });
  `;
}

/** Builds all VMs of a project on this machine and writes it with its lock to a host. */
export async function deliver(host: Host, text: string, directory = "/etc/microvm"): Promise<void> {
  const here = project({ "microvm.config.ts": text });
  const { code, stderr } = await microvm(["build", "--all", "--quiet", here]);
  if (code !== 0) throw new Error(`The host's VMs cannot be built:\n${stderr}`);
  await host.write(`${directory}/microvm.config.ts`, text);
  await host.write(`${directory}/${LOCK_FILE}`, readTextIfExists(join(here, LOCK_FILE)) ?? "");
}
