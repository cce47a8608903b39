import assert from "node:assert/strict";
import { test } from "node:test";
import { documentOptions, evalModules, mkOption, type Option, types, withFile } from "./index.ts";

const { int, str, bool, listOf, attrsOf, nullOr, functionTo, submodule } = types;

const disk = submodule({
  options: {
    size: mkOption({ type: int, description: "Size in MiB." }),
    secret: mkOption({ type: int, default: 1, internal: true }),
  },
});

function document(options: object, file = "disks.ts") {
  return documentOptions(evalModules({ modules: [withFile(file, { options })] }));
}

const namesOf = (options: object) => document(options).map(({ name }) => name);

test("an option is told whole", () => {
  const mem = mkOption({ type: int, default: 512, example: 1024, description: "Memory in MiB." });
  assert.deepEqual(document({ microvm: { mem } }), [
    {
      name: "microvm.mem",
      path: ["microvm", "mem"],
      type: "integer",
      description: "Memory in MiB.",
      default: 512,
      example: 1024,
      readOnly: false,
      opaque: false,
      declarations: ["disks.ts"],
    },
  ]);
});

test("what is absent is absent, and a computed default is not computed", () => {
  const computed = () => {
    throw new Error("not to be called");
  };
  const [none, some, text, opaque] = document({
    none: mkOption({ type: str, readOnly: true }),
    some: mkOption({ type: str, default: computed }),
    text: mkOption({ type: str, default: computed, defaultText: "the host's name" }),
    opaque: mkOption({ type: functionTo(int), default: () => 1 }),
  });
  for (const field of ["default", "defaultText", "example"]) assert.ok(!Object.hasOwn(none!, field), field);
  assert.ok(none!.readOnly);
  assert.deepEqual([some!.defaultText, "default" in some!], ["computed", false]);
  assert.equal(text!.defaultText, "the host's name");
  assert.deepEqual([opaque!.opaque, opaque!.defaultText], [true, "computed"]);
});

test("options of submodules follow the one that holds them, in lists, sets and behind null", () => {
  const options = {
    list: mkOption({ type: listOf(disk), default: [] }),
    set: mkOption({ type: attrsOf(disk), default: {} }),
    maybe: mkOption({ type: nullOr(disk), default: null }),
  };
  assert.deepEqual(namesOf(options), [
    "list",
    "list.*.size",
    "set",
    "set.<name>.size",
    "maybe",
    "maybe.size",
  ]);
  assert.deepEqual(document(options)[1]!.path, ["list", "*", "size"]);
  for (const { declarations } of document(options)) assert.deepEqual(declarations, ["disks.ts"]);
});

test("internal and invisible options are left out, with all that is in them", () => {
  const options = {
    shown: mkOption({ type: bool, default: false }),
    internal: mkOption({ type: listOf(disk), default: [], internal: true }),
    invisible: mkOption({ type: listOf(disk), default: [], visible: false }),
  };
  assert.deepEqual(namesOf(options), ["shown"]);
});

test("a type that contains itself ends", () => {
  const options: Record<string, Option> = { name: mkOption({ type: str }) };
  const children: Option<unknown> = mkOption({ type: listOf(submodule({ options })), default: [] });
  options.children = children;
  assert.deepEqual(namesOf({ children }), ["children", "children.*.name"]);
});

test("an option that two modules declare names both files", () => {
  const declare = (file: string) => withFile(file, { options: { port: mkOption({ type: int }) } });
  const [port] = documentOptions(evalModules({ modules: [declare("a.ts"), declare("b.ts")] }));
  assert.deepEqual(port!.declarations, ["a.ts", "b.ts"]);
});

test("a submodule that another module extends names the files of both", () => {
  const more = submodule({ options: { label: mkOption({ type: str }) } });
  const options = documentOptions(
    evalModules({
      modules: [
        withFile("a.ts", { options: { disks: mkOption({ type: listOf(disk) }) } }),
        withFile("b.ts", { options: { disks: mkOption({ type: listOf(more) }) } }),
      ],
    }),
  );
  assert.deepEqual(
    options.map(({ name, declarations }) => [name, declarations]),
    [
      ["disks", ["a.ts", "b.ts"]],
      ["disks.*.size", ["a.ts", "b.ts"]],
      ["disks.*.label", ["a.ts", "b.ts"]],
    ],
  );
});
