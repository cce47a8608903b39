/** Faults of project files, found in this process: what only the restricted child finds is tested with it. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { type TestContext, test } from "node:test";
import { guestModule } from "../options/guest.ts";
import { hostModule } from "../options/host.ts";
import { evaluateVm } from "./evaluate-vm.ts";
import { importModule, loadProject, provideProgram } from "./load-project.ts";
import { type Files, faultOf as faultOfProject, vm } from "./testing/project.ts";

provideProgram();

const faultOf = (t: TestContext, files: string | Files) =>
  faultOfProject(t, files, (file) =>
    evaluateVm(
      loadProject(file),
      { file, root: dirname(file), storeDir: "/store", self: `path:${dirname(file)}` },
      { hostModule, guestModule, importModule },
    ),
  );

test("what is no project is refused", async (t) => {
  const wrong = async (text: string) => (await faultOf(t, text))[1];
  assert.equal(
    await wrong("export const a = 1;"),
    '"DIR/microvm.config.ts" must export a project as its default, but exports nothing',
  );
  assert.equal(
    await wrong("export default () => ({});"),
    '"DIR/microvm.config.ts" must export a project as its default, but exports a function',
  );
  assert.equal(
    await wrong("export default Promise.resolve({});"),
    '"DIR/microvm.config.ts" exports a promise',
  );
  assert.equal(
    await wrong("await 1;\nexport default {};"),
    '"DIR/microvm.config.ts" waits for a promise at its top level',
  );
  assert.equal(
    await wrong("export default { microvm: {} };"),
    'The project in "DIR/microvm.config.ts" has the unknown key "microvm"; did you mean "microvms"',
  );
  assert.equal(
    await wrong("export default { microvms: [] };"),
    '"microvms" of the project in "DIR/microvm.config.ts" must be an object, but is a list',
  );
  assert.equal(await wrong("export default {};"), "The project defines no VM");
});

test("an import that is not there is an error", async (t) => {
  const wrong = async (text: string) => (await faultOf(t, text))[1];
  assert.equal(
    await wrong('import x from "./none.ts";\nexport default x;'),
    'Cannot find "DIR/none.ts", imported by "DIR/microvm.config.ts"',
  );
  assert.equal(
    await wrong('import x from "left";\nexport default x;'),
    'Cannot find the package "left", imported by "DIR/microvm.config.ts"',
  );
  assert.equal(
    await wrong(vm('{ imports: ["./none.ts"] }')),
    'Cannot find "DIR/none.ts", imported by "DIR/microvm.config.ts"',
  );
  assert.equal(
    await wrong(vm('{ imports: ["none"] }')),
    'The module "DIR/microvm.config.ts" imports "none", which is no path',
  );
  assert.equal(
    await wrong('import { nothing } from "microvm";\nexport default nothing;'),
    "Cannot load \"DIR/microvm.config.ts\": The requested module 'microvm' does not provide an export named 'nothing'",
  );
});

test("an imported file without a default export is an error", async (t) => {
  const files = { "microvm.config.ts": vm('{ imports: ["./m.ts"] }'), "m.ts": "export const a = 1;" };
  assert.deepEqual(await faultOf(t, files), [
    "config-invalid",
    'The module "DIR/m.ts" has no default export',
  ]);
});

test("a promise as a configuration is refused", async (t) => {
  assert.deepEqual(await faultOf(t, vm("async () => ({})")), [
    "config-invalid",
    'The module "DIR/microvm.config.ts" is a promise',
  ]);
});

test("faults name the file they are in", async (t) => {
  const files = {
    "microvm.config.ts": vm('{ imports: ["./m.ts"] }'),
    "m.ts": "export default { microvm: { memm: 1 } };",
  };
  assert.deepEqual(await faultOf(t, files), [
    "option-unknown",
    'The option "microvm.memm" does not exist, but is defined in "DIR/m.ts"; did you mean "microvm.mem"',
  ]);
});

test("a module for hosts is refused by a guest", async (t) => {
  const files = {
    "microvm.config.ts": vm('{ imports: ["./m.ts"] }'),
    "m.ts": 'export default { _class: "host", microvm: { mem: 1 } };',
  };
  assert.deepEqual(await faultOf(t, files), [
    "config-invalid",
    'The module "DIR/m.ts" is of class "host", but is imported where modules of class "guest" are expected',
  ]);
});
