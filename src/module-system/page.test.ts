/** `docs/module-system.md` is true: its examples run, and the tests that it names are there. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const room = import.meta.dirname;
const page = readFileSync(join(room, "../../docs/module-system.md"), "utf8");
const examples = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);

test("every example of the page runs", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "page-"));
  t.after(() => rmSync(directory, { recursive: true }));
  assert.ok(examples.length >= 5);
  for (const [index, code] of examples.entries()) {
    const file = join(directory, `example-${index}.mts`);
    writeFileSync(file, code.replaceAll('from "microvm"', `from "${join(room, "../index.ts")}"`));
    await import(file);
  }
});

test("every test that the page names is there", () => {
  const files = readdirSync(room, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".test.ts"),
  );
  const titles = new Set(
    files.flatMap((path) =>
      [...readFileSync(join(room, path), "utf8").matchAll(/^ *test\("(.*?)",/gm)].map(([, title]) => title!),
    ),
  );
  const rows = page.slice(page.indexOf("our test |"), page.indexOf("What does not apply:")).split("\n");
  const named = rows.flatMap((row) => [...(row.split(" | ")[2] ?? "").matchAll(/"(.*?)"/g)]);
  assert.ok(named.length > 40);
  const missing = named.map(([, title]) => title!).filter((title) => !titles.has(title));
  assert.deepEqual(missing, []);
});
