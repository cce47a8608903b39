import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostConfig } from "../options/host.ts";
import type { Recipe } from "../store/recipe.ts";
import { filesOfNetworks, networkOfUnit, networksOfHost } from "./declared-networks.ts";
import { lan, networksOf, vmOn } from "./networks/testing/planned.ts";
import { authorOf } from "./unit-text.ts";

const recipe: Recipe = { kind: "files", version: 1, name: "microvm-network-lan", params: {}, inputs: {} };

const configOf = (networks: object, enable = true) =>
  ({ microvm: { networks: networksOf(networks), host: { enable } } }) as unknown as HostConfig;

test("a network's files are the program's own, and its unit is known by its name", () => {
  const { units, etc } = filesOfNetworks([{ network: lan(), recipe }], "/store");
  for (const [path, file] of [...units, ...etc]) {
    assert.equal(authorOf((file as { readonly text: string }).text), "microvm", path);
  }
  assert.deepEqual(
    units.flatMap(([path]) => networkOfUnit(path) ?? []),
    ["lan"],
  );
});

test("a user's own host refuses networks, and a host that is switched off has none", () => {
  const config = configOf({ lan: { subnet: "10.1.0.0/24" } });
  assert.throws(() => networksOfHost(config, [], { scope: "user" }), {
    code: "config-invalid",
    message: `A user's own host has no networks, and "microvm.networks" has "lan"`,
    hint: 'Switch as root, or give the VMs interfaces of the type "user"',
  });
  const vms = [vmOn("web", "lan")];
  assert.deepEqual(networksOfHost(configOf({}), [], { scope: "user" }), []);
  assert.equal(networksOfHost(config, vms, { scope: "system" })[0]!.members[0]!.vm, "web");
  const off = configOf({ lan: { subnet: "10.1.0.0/24" } }, false);
  assert.deepEqual(networksOfHost(off, vms, { scope: "system" }), []);
});
