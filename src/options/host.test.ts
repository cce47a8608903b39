import assert from "node:assert/strict";
import { test } from "node:test";
import { host } from "./testing/evaluate.ts";

const config = { microvm: { mem: 256 } };

test("a VM is fully declared or deployed, and both kinds live on one host", () => {
  const flake = "git+file:///etc/microvm";
  const vms = { declared: { config }, deployed: { flake }, updated: { flake, updateFlake: flake } };
  assert.deepEqual(host(vms).faults, []);
});

test("a VM that is both or neither is refused, all of them at once", () => {
  const vms = {
    a: { config, flake: "." },
    b: { config, updateFlake: "." },
    c: {},
    d: { updateFlake: "." },
  };
  assert.deepEqual(host(vms).faults, [
    '"microvm.vms.a" has both "config" and "flake": a VM is either fully declared or deployed',
    '"microvm.vms.b" has both "config" and "updateFlake": a fully declared VM is updated with its host',
    '"microvm.vms.c" has neither "config" nor "flake": say what the VM is',
    '"microvm.vms.d" has neither "config" nor "flake": say what the VM is',
  ]);
});

test("a package set must be one", () => {
  const { faults } = host({ a: { config, pkgs: { type: "debian", suite: "trixie" } } });
  assert.equal(faults.length, 1);
  assert.match(faults[0]!, /package set/);
});
