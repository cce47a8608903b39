/**
 * A systemd host in a container, to be used as a person uses a machine: commands run in it, files are written to it, it
 * is rebooted and loses its power. It has root's rights inside, a network of its own without a way out, no KVM, and the
 * tests' shared store, in which nothing may be collected as garbage.
 */
import { join } from "node:path";
import { after } from "node:test";
import { existsSync, mkdirSync, readdirSync, rmSync } from "../../src/os/files.ts";
import { STORE } from "../support.ts";
import { bootHost, type Host, removeGroups, whyNoHost } from "./booted-host.ts";
import { HOSTS, hostLayers, installedProgram } from "./root.ts";

export type { Host } from "./booted-host.ts";

/** Why hosts cannot be booted here, if they cannot. */
export const needsHosts = whyNoHost();

/** Boots a host. It is gone after the file's tests, and whenever this process ends. */
export async function startHost(): Promise<Host> {
  await sweep();
  const layers = await hostLayers();
  count += 1;
  const name = `microvm-test-${process.pid}-${count}`;
  const host = await bootHost({
    name,
    directory: join(HOSTS, name),
    layers,
    store: STORE,
    program: "/opt/microvm/node_modules/.bin/microvm",
    binds: [
      `${await installedProgram()}:/opt/microvm`,
      ...["/etc/apt/sources.list", "/etc/apt/sources.list.d"].filter((path) => existsSync(path)),
    ],
  });
  after(host.end);
  process.once("SIGTERM", () => void host.end().finally(() => process.exit(143)));
  return host;
}

let count = 0;

/** Removes what hosts of killed tests left. */
async function sweep(): Promise<void> {
  mkdirSync(HOSTS, { recursive: true });
  for (const name of readdirSync(HOSTS)) {
    const pid = /^microvm-test-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    await removeGroups(name);
    rmSync(join(HOSTS, name), { recursive: true, force: true });
  }
}
