import assert from "node:assert/strict";
import { test } from "node:test";
import type { OptionDocumentation } from "../src/module-system/index.ts";
import { documentedOptions, optionsSchema } from "../src/options/documentation.ts";
import { anchor, optionPages, staleFiles } from "./option-pages.ts";

const option = (name: string, more: Partial<OptionDocumentation> = {}): OptionDocumentation => ({
  name,
  path: name.split("."),
  type: "string",
  description: "First. Second.",
  readOnly: false,
  opaque: false,
  declarations: ["src/options/x.ts"],
  ...more,
});

const pages = (...guest: readonly OptionDocumentation[]) =>
  optionPages({ guest, host: [option("microvm.vms")], schema: { type: "object" } });

test("an option's section has all that is known of it", () => {
  const text = pages(option("networking.hostName", { default: null, example: "web", readOnly: true })).get(
    "networking.md",
  );
  assert.equal(
    text,
    `<!-- Generated from the declarations in src/options by: npm run docs -->

# Network of the guest

[All options](README.md)

## \`networking.hostName\`

First. Second.

- Type: \`string\`
- Default: \`null\`
- Example: \`"web"\`
- Read-only: only its own module defines it.
- Declared in [src/options/x.ts](../../src/options/x.ts)
`,
  );
});

test("what has no default must be defined, a default in words is shown in words, a long example in a block", () => {
  const long = { a: "x".repeat(50), b: "y".repeat(50) };
  const text = pages(option("boot.a"), option("boot.b", { defaultText: "the newest", example: long })).get(
    "boot.md",
  )!;
  assert.match(text, /^- Default: none, it must be defined$/m);
  assert.match(text, /^- Default: the newest$/m);
  assert.match(
    text,
    /^- Example:\n\n {2}```ts\n {2}\{\n {4}a: "x+",\n {4}b: "y+",\n {2}\}\n {2}```\n\n- Declared/m,
  );
});

test("every option is on a page, topics without a title too, and in the index", () => {
  const all = pages(
    option("microvm.mem"),
    option("time.zone"),
    option("environment.etc"),
    option("zebra.on"),
  );
  assert.deepEqual(
    [...all.keys()],
    ["README.md", "machine.md", "environment.md", "zebra.md", "host.md", "options.json", "schema.json"],
  );
  const index = all.get("README.md")!;
  assert.match(index, /^- \[`microvm\.mem`\]\(machine\.md#microvmmem\): First\.$/m);
  assert.match(index, /^- \[`zebra\.on`\]\(zebra\.md#zebraon\): First\.$/m);
  assert.match(index, /^- \[`microvm\.vms`\]\(host\.md#microvmvms\): First\.$/m);
});

test("anchors are those of GitHub, and lead to one option each", () => {
  assert.equal(anchor("systemd.services.<name>.script"), "systemdservicesnamescript");
  for (const side of ["guest", "host"] as const) {
    const anchors = documentedOptions(side).map(({ name }) => anchor(name));
    assert.equal(new Set(anchors).size, anchors.length);
  }
});

test("the reference is the same each time", () => {
  const make = () =>
    optionPages({
      guest: documentedOptions("guest"),
      host: documentedOptions("host"),
      schema: optionsSchema(),
    });
  assert.deepEqual(make(), make());
});

test("files that are stale, missing or foreign are named, with the command that helps", () => {
  const wanted = new Map(Object.entries({ "a.md": "a", "b.md": "b", "c.md": "c" }));
  const there = new Map(Object.entries({ "a.md": "a", "b.md": "old", "d.md": "d" }));
  assert.deepEqual(staleFiles(wanted, there), [
    'docs/options/b.md is stale: run "npm run docs"',
    'docs/options/c.md is missing: run "npm run docs"',
    'docs/options/d.md is no part of the reference: run "npm run docs"',
  ]);
  assert.deepEqual(staleFiles(wanted, wanted), []);
});
