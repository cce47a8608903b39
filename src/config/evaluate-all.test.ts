import assert from "node:assert/strict";
import { dirname } from "node:path";
import { type TestContext, test } from "node:test";
import { evaluateWholeProject } from "./evaluate-project.ts";
import { askChildren } from "./evaluating-child.ts";
import { project } from "./testing/project.ts";

/** Evaluates a project file of a directory of its own. */
function evaluate(t: TestContext, text: string) {
  return evaluateWholeProject({ file: project(t, { "microvm.config.ts": text }), storeDir: "/store" });
}

test("all hosts and VMs of a project are evaluated at once", async (t) => {
  const { hosts, vms } = await evaluate(
    t,
    `export default {
      hosts: {
        one: () => ({ microvm: { vms: { a: { config: {}, autostart: false }, far: { flake: "path:/x" } } } }),
        two: { microvm: { vms: { a: { config: { microvm: { mem: 1024 } } } } }, warnings: ["old"] },
      },
      microvms: { b: { config: ({ name }) => ({ networking: { hostName: name + "-1" } }) } },
    };`,
  );
  const summary = hosts.map(({ name, warnings, vms }) => [name, warnings, vms.map((vm) => vm.name)]);
  assert.deepEqual(summary, [
    ["one", [], ["a"]],
    ["two", ["old"], ["a"]],
  ]);
  // biome-ignore lint/suspicious/noExplicitAny: plain data
  const declared = (hosts[0]!.config.microvm as any).vms;
  assert.deepEqual([declared.a.autostart, declared.far.flake], [false, "path:/x"]);
  // biome-ignore lint/suspicious/noExplicitAny: plain data
  assert.equal((hosts[1]!.vms[0]!.config.microvm as any).mem, 1024);
  // biome-ignore lint/suspicious/noExplicitAny: plain data
  assert.equal((vms[0]!.config.networking as any).hostName, "b-1");
});

test("the faults of all hosts and VMs are one error that says where each is", async (t) => {
  const text = `export default {
    hosts: { h: { microvm: { vms: {
      a: { config: { microvm: { mem: "lots" } } },
      b: {},
      good: { config: {} },
    } } }, i: { microvm: { vms: { c: { config: { microvm: { vcpus: 1 } } } } } } },
    microvms: { d: { config: { microvm: { vcpu: () => oops } } }, "-": { config: {} } },
  };`;
  await assert.rejects(evaluate(t, text), (error: Error) => {
    const lines = error.message.replaceAll(/"\/[^"]*\/microvm.config.ts/g, '"FILE').split("\n");
    assert.deepEqual(lines, [
      "The configuration has 4 faults:",
      '- In the host "h": "microvm.vms.b" has neither "config" nor "flake": say what the VM is',
      '- In "c" of the host "i": The option "microvm.vcpus" does not exist, but is defined in "FILE"; did you mean "microvm.vcpu"',
      '- In "d": The definition of "microvm.vcpu" in "FILE:7" threw: oops is not defined',
      '- In "-": "-" cannot be the name of a VM (A name has at most 63 letters, digits, dots, dashes and underscores, the first and last a letter or digit)',
    ]);
    return true;
  });
});

test("a thousand VMs, which several children share, stay in their order", async (t) => {
  const { hosts } = await evaluate(
    t,
    `const vm = (index) => ({ config: { microvm: { mem: 256 + index } } });
    export default { hosts: { big: { microvm: { vms: Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => ["vm" + index, vm(index)]),
    ) } } } };`,
  );
  // biome-ignore lint/suspicious/noExplicitAny: plain data
  const sizes = hosts[0]!.vms.map(({ config }) => (config.microvm as any).mem);
  assert.deepEqual(
    sizes,
    Array.from({ length: 1000 }, (_, index) => 256 + index),
  );
});

test("the faults of all shares of many VMs are one error", async (t) => {
  const text = `export default { microvms: Object.fromEntries(Array.from({ length: 500 }, (_, index) =>
    ["vm" + index, { config: { microvm: { mem: index % 499 ? 256 : "lots" } } }])) };`;
  await assert.rejects(evaluate(t, text), (error: Error) => {
    assert.match(error.message, /^The configuration has 2 faults:\n- In "vm0": .*\n- In "vm499": .*$/);
    return true;
  });
});

test("no more children are started than were allowed, whatever a project claims", async (t) => {
  const file = project(t, {
    "microvm.config.ts": `import { writeSync } from "node:fs";
      writeSync(3, '{"shares":5000}\\n');
      export default { microvms: { a: { config: {} } } };`,
  });
  const request = { file, root: dirname(file), storeDir: "/store", self: "path:/p", all: true, children: 3 };
  assert.equal((await askChildren(request, 60_000)).length, 3);
  const { vms } = await evaluateWholeProject({ file, storeDir: "/store" });
  assert.deepEqual(
    vms.map(({ name }) => name),
    ["a"],
  );
});
