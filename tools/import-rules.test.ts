import assert from "node:assert/strict";
import { test } from "node:test";
import { checkImports, readTable } from "./import-rules.ts";

const ARCHITECTURE = `# Design
## 4. The rooms

| room in \`src/\` | what lives there | may import |
| --- | --- | --- |
| \`index.ts\` | the API | any |
| \`errors.ts\` | errors | – |
| \`paths.ts\` | paths | – |
| \`os/\` | world | – |
| \`module-system/\` | options | – |
| \`hypervisors/\` | data | – |
| \`options/\` | what, \`x/\` | \`module-system\`, capabilities |
| \`store/\` | recipes | \`os\` |
| \`plan/\` | steps | the rooms above |
| \`cli/\` | commands | any |

## 5. Next
| \`other/\` | table | any |
`;

function check(files: Record<string, string>): string[] {
  return checkImports(new Map(Object.entries(files)), ARCHITECTURE);
}

test("the table is read, with its words for many rooms", () => {
  const table = readTable(ARCHITECTURE);
  assert.deepEqual([...table.get("store")!], ["os"]);
  assert.deepEqual([...table.get("os")!], []);
  assert.deepEqual([...table.get("options")!], ["module-system", "hypervisors/*"]);
  assert.ok(table.get("plan")!.has("store") && !table.get("plan")!.has("index.ts"));
  assert.ok(!table.has("other"));
  assert.throws(() => readTable("# Nothing"), /has no table/);
  assert.throws(() => readTable(ARCHITECTURE.replace("capabilities", "some")), /Not something to import/);
});

test("what the table permits passes, and so do errors and paths", () => {
  const faults = check({
    "src/store/a.ts": `import { b } from "../os/b.ts";\nimport "../errors.ts";\nexport * from "../paths.ts";\nimport "./c.ts";`,
    "src/options/a.ts": `import type { C } from "../hypervisors/qemu.ts";`,
    "src/cli/a.ts": `import { x } from "../store/a.ts";\nimport { y } from "microvm";`,
    "src/os/a.ts": `import { readFileSync } from "node:fs";\nimport { x } from "zlib-package";`,
  });
  assert.deepEqual(faults, []);
});

test("each form of import is found, with its line", () => {
  const target = "../cli/x.ts";
  const forms = [
    `import { x } from "${target}";`,
    `import type { x } from "${target}";`,
    `import { type x,\n y } from "${target}";`,
    `import x, * as y from '${target}';`,
    `export { x } from "${target}";`,
    `export * as x from "${target}";`,
    `import "${target}";`,
    `const x = await import("${target}");`,
    `type X = import("${target}").X;`,
    `const x = new URL("${target}", import.meta.url);`,
  ];
  for (const form of forms) {
    const line = form.split("\n").length + 1;
    const expected = `src/store/a.ts:${line} imports src/cli/x.ts: "store" may not import "cli"`;
    assert.deepEqual(check({ "src/store/a.ts": `const url = "https://x";\n${form}` }), [expected], form);
  }
});

test("imports in comments do not count", () => {
  const text = `/**\n * import { x } from "../cli/x.ts";\n */\n// import "../cli/x.ts"\nconst a = "//"; /* import("../cli/x.ts") */`;
  assert.deepEqual(check({ "src/store/a.ts": text }), []);
});

test("only os reaches the outside world", () => {
  for (const name of [
    "node:fs",
    "node:fs/promises",
    "node:child_process",
    "node:https",
    "node:worker_threads",
  ]) {
    assert.deepEqual(check({ "src/cli/a.ts": `import { x } from "${name}";` }), [
      `src/cli/a.ts:1 imports ${name}: only "os" may import it`,
    ]);
  }
  assert.deepEqual(check({ "src/cli/a.ts": `import { join } from "node:path";` }), []);
});

test("the module system does not know paths", () => {
  assert.deepEqual(check({ "src/module-system/a.ts": `import "../paths.ts";` }), [
    'src/module-system/a.ts:1 imports src/paths.ts: "module-system" may not import "paths.ts"',
  ]);
});

test("of hypervisors, options see the files right there", () => {
  assert.equal(check({ "src/options/a.ts": `import "../hypervisors/testing/x.ts";` }).length, 1);
  assert.equal(check({ "src/options/a.ts": `import "../hypervisors/deep/x.ts";` }).length, 1);
});

test("tests may import anything, and only they may import what is for tests", () => {
  const text = `import "node:fs";\nimport "../cli/x.ts";\nimport "./testing/y.ts";`;
  assert.deepEqual(check({ "src/store/a.test.ts": text, "src/store/testing/b.ts": text }), []);
  assert.deepEqual(check({ "src/store/a.ts": `import "./testing/y.ts";` }), [
    "src/store/a.ts:1 imports src/store/testing/y.ts: only tests may import what is for tests",
  ]);
});

test("cycles between files are found, types included, addresses not", () => {
  const faults = check({
    "src/store/a.ts": `import "./b.ts";`,
    "src/store/b.ts": `\nimport type { C } from "./c.ts";`,
    "src/store/c.ts": `export { a } from "./a.ts";`,
    "src/os/main.ts": `new URL("./worker.ts", import.meta.url)`,
    "src/os/worker.ts": `import type { X } from "./main.ts";`,
  });
  assert.deepEqual(faults, [
    "src/store/c.ts:1 imports src/store/a.ts: cycle src/store/a.ts → src/store/b.ts → src/store/c.ts → src/store/a.ts",
  ]);
});

test("a file in no room is named", () => {
  assert.deepEqual(check({ "src/utils/a.ts": "" }), [
    'src/utils/a.ts:1 is in "utils", which is not in the table of rooms',
  ]);
});
