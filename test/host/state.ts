/** What tests ask a host, and expect of it. */
import assert from "node:assert/strict";
import type { Host } from "./container.ts";

/** Directory of the VMs of a host. */
export const STATE = "/var/lib/microvms";

/** What `systemctl show` says of a property. */
export const show = (host: Host, unit: string, property: string) =>
  host.ok(["systemctl", "show", "--value", `--property=${property}`, unit]);

/** Whether a VM runs. */
export const isActive = async (host: Host, name: string) =>
  (await show(host, `microvm@${name}.service`, "ActiveState")) === "active";

/** Where a link of the state directory leads in the end. */
export const link = (host: Host, path: string) => host.ok(["readlink", "-f", `${STATE}/${path}`]);

/** Switches, and gives what was printed; a failure is the test's. */
export const switched = (host: Host) => host.ok(["microvm", "switch", "--yes", "--quiet"]);

/** Switches, which must fail, and gives what it said. */
export const failure = async (host: Host, ...args: string[]) => {
  const { code, stderr } = await host.microvm(["switch", "--yes", "--quiet", ...args]);
  assert.notEqual(code, 0);
  return stderr;
};

/** Nothing is left to do, and no change is half-done. */
export async function assertSettled(host: Host): Promise<void> {
  const { code, stdout, stderr } = await host.microvm(["switch", "--dry-run"]);
  assert.deepEqual([code, stderr], [0, ""], stdout);
  assert.notEqual((await host.run(["test", "-e", `${STATE}/.generations/pending`])).code, 0);
}

/** The units on a host are those of the generation in force, and nothing else of the program's. */
export async function assertUnitsOf(host: Host, generation: string): Promise<void> {
  assert.equal(await host.ok(["readlink", `${STATE}/.generations/current`]), generation);
  const script = `
    cd ${STATE}/.generations/current/units && find . ! -type d | sort >/run/wanted
    while read -r file; do
      [ -h "$file" ] || cmp "$file" "/etc/systemd/system/$file" || exit 1
    done </run/wanted
    cd /etc/systemd/system
    { find . -path './*microvm*' ! -type d | sort; } | diff - /run/wanted
  `;
  const { code, stdout, stderr } = await host.run(["sh", "-c", script]);
  assert.equal(code, 0, stdout + stderr);
}
