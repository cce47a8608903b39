import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateProjectHost, evaluateProjectVms } from "./evaluate-project.ts";
import { faultOf, project } from "./testing/project.ts";

const evaluate = (file: string, name?: string) =>
  evaluateProjectHost({ file, name, storeDir: "/store" }, "machine");

test("the one host that is meant is evaluated, with the VMs that it declares in full", async (t) => {
  const file = project(t, {
    "microvm.config.ts": `export default {
      hosts: {
        machine: ({ storeDir, self }) => ({ microvm: {
          host: { startupTimeout: 20 }, stateDir: storeDir + "/vms", autostart: ["by-hand"],
          vms: { a: { config: {}, limits: { memory: 1024, cpu: 150 } }, far: { flake: self } },
        } }),
        other: { microvm: { nonsense: true } },
      },
      microvms: { broken: { config: { nonsense: true } } },
    };`,
  });
  const host = await evaluate(file);
  assert.equal(host.name, "machine");
  assert.deepEqual(
    host.vms.map(({ name }) => name),
    ["a"],
  );
  // biome-ignore lint/suspicious/noExplicitAny: plain data
  const { microvm } = host.config as any;
  assert.deepEqual(
    [microvm.host.startupTimeout, microvm.host.ksm, microvm.stateDir],
    [20, true, "/store/vms"],
  );
  assert.deepEqual([microvm.vms.a.limits.memory, microvm.vms.a.limits.tasks], [1024, null]);
  assert.match(microvm.vms.far.flake, /^path:\//);
});

test("a guest that was evaluated before is taken as it is, and checked", async (t) => {
  const file = project(t, {
    "microvm.config.ts": `export default { hosts: { default: { microvm: { vms: { a: { config: { microvm: { mem: 300 } } } } } } } };`,
  });
  const [evaluated] = (await evaluate(file)).vms;
  const again = project(t, {
    "web.json": JSON.stringify(evaluated),
    "microvm.config.ts": `
      import web from "./web.json" with { type: "json" };
      const vms = { web: { evaluatedConfig: web } };
      export default { hosts: { default: { microvm: { vms } } }, microvms: vms };`,
  });
  const [web] = (await evaluate(again)).vms;
  assert.deepEqual(web, { ...evaluated, name: "web" });
  assert.deepEqual(await evaluateProjectVms({ file: again, storeDir: "/store" }, ["web"]), [web]);
  const wrong = `export default { hosts: { default: { microvm: { vms: { a: { evaluatedConfig: { config: { microvm: { mem: "x" } } } } } } } } };`;
  const [, message] = await faultOf(t, wrong, evaluate);
  assert.match(message, /"microvm.mem"/);
});

test("names that cannot be directories or units are refused, of deployed VMs as well", async (t) => {
  const names = ["a/b", "..", "a b", "x".repeat(200), "a\\x2db", "", "@", "a%i"];
  const vms = JSON.stringify(Object.fromEntries(names.map((name) => [name, { flake: "." }])));
  const [code, message] = await faultOf(
    t,
    `export default { hosts: { default: { microvm: { vms: ${vms} } } } };`,
    evaluate,
  );
  assert.equal(code, "config-invalid");
  for (const name of names) {
    assert.ok(
      message.includes(`In the host "default": "${name}" cannot be the name of a VM (A name has at most 63`),
      name,
    );
  }
});

test("what a host cannot be told is refused with its option", async (t) => {
  const microvm = `{
    autostart: ["a b"],
    host: { startupTimeout: 0 },
    vms: { a: { config: {}, limits: { ioWeight: 0 } }, b: { config: {}, limits: { mem: 1 } } },
  }`;
  const [, message] = await faultOf(
    t,
    `export default { hosts: { default: { microvm: ${microvm} } } };`,
    evaluate,
  );
  for (const option of [
    "microvm.autostart",
    "microvm.host.startupTimeout",
    "microvm.vms.a.limits.ioWeight",
    "microvm.vms.b.limits.mem",
  ]) {
    assert.ok(message.includes(`"${option}`), `${option}: ${message}`);
  }
});

test("several VMs are evaluated by their names, and all their faults are told", async (t) => {
  const text = `export default { microvms: { a: { config: { microvm: { mem: "x" } } }, b: { config: { nope: 1 } }, c: { config: {} } } };`;
  const [, message] = await faultOf(t, text, (file) =>
    evaluateProjectVms({ file, storeDir: "/store" }, ["a", "b"]),
  );
  assert.match(message, /In "a": /);
  assert.match(message, /In "b": /);
});
