import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { isPlainModule } from "./plain-source.ts";

const EXPORT = "export default f;\n";

/** In a process that has what the evaluating child has. */
function plain(...texts: readonly string[]): boolean[] {
  const program = `import { isPlainModule } from ${JSON.stringify(new URL("./plain-source.ts", import.meta.url))};
    console.log(JSON.stringify(${JSON.stringify(texts)}.map(isPlainModule)));`;
  const flags = ["--experimental-vm-modules", "--no-warnings", "--input-type=module"];
  return JSON.parse(execFileSync(process.execPath, [...flags, "--eval", program], { encoding: "utf8" }));
}

test("a module without types is plain, with markup in its texts as well", () => {
  const texts = [
    'import { debian } from "microvm";\nexport default { a: debian(), b: [] };',
    `${EXPORT}const page = \`<h1>Hello</h1>\`, other = "<p>", f = (a) => a;`,
  ];
  assert.deepEqual(plain(...texts), [true, true]);
});

test("types, and what may be types, are not plain", () => {
  const texts = [
    "const f: number = 1;",
    'import type { A } from "./a.ts";\nconst f = 1;',
    "const f = 1 as number;",
    "const f = g<string>(1);",
    "const f = g\n<string>(1);",
    "const f = g /* of */ <string>(1);",
    "const f = new Map<string, Set<number>>();",
    "enum E { A }",
    "const f = 1!;",
    "const f = 1 < 2;",
    "const f = {;",
  ];
  assert.deepEqual(
    plain(...texts.map((text) => EXPORT + text)),
    texts.map(() => false),
  );
});

test("CommonJS is not plain", () => {
  assert.deepEqual(plain("module.exports = {};", "const a = 1;"), [false, false]);
});

test("without the flag nothing is plain", () => {
  assert.equal(isPlainModule("export default {};"), false);
});
