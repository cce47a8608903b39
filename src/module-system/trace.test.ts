import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  evalModules,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkOptionDefault,
  mkOverride,
  traceOption,
  types,
  withFile,
} from "./index.ts";
import { parsePath } from "./place.ts";

const disk = types.submodule({
  options: { size: mkOption({ type: types.int, default: 1, description: "Size in MiB." }) },
});

const declarations = {
  options: {
    mem: mkOption({ type: types.int, default: 512, description: "Memory in MiB." }),
    name: mkOption({ type: types.str }),
    computed: mkOption({ type: types.int, default: () => 3 }),
    sysctl: mkOption({ type: types.attrsOf(types.int), default: {} }),
    disks: mkOption({ type: types.listOf(disk), default: [] }),
    net: { on: mkOption({ type: types.bool, default: false }) },
    make: mkOption({ type: types.functionTo(types.int), default: () => 1, defaultText: "one" }),
  },
};

/** The trace of an option that modules in the files `a`, `b`, … define. */
function trace(path: string, ...modules: readonly unknown[]) {
  const files = modules.map((module, index) => withFile("abc"[index]!, { config: module }));
  return traceOption(evalModules({ modules: [withFile("options", declarations), ...files] }), path);
}

/** Each definition in one line: whether it won, its strength, its value, its file. */
const linesOf = (path: string, ...modules: readonly unknown[]) =>
  trace(path, ...modules).definitions.map(({ won, holds, strength, shown, file }) =>
    [won ? "won" : holds ? "lost" : "off", strength, shown, file].join(" "),
  );

describe("where a value comes from", () => {
  test("every definition is told, the strongest first, and the default", () => {
    const a = { mem: mkForce(() => 1024) };
    const b = { mem: mkMerge([mkDefault(256), 700, mkIf(() => false, 9000), mkOverride(70, 70)]) };
    assert.deepEqual(linesOf("mem", a, b, { mem: mkOptionDefault(1) }), [
      "won mkForce 1024 a",
      "lost mkOverride(70) 70 b",
      "lost plain 700 b",
      "off plain 9000 b",
      "lost mkDefault 256 b",
      "lost mkOptionDefault 1 c",
      "lost default 512 options",
    ]);
  });

  test("wrappers around whole sets count, and the outermost priority is the one", () => {
    assert.deepEqual(
      linesOf("net.on", { net: mkForce(mkDefault({ on: true })) }, mkIf(false, { net: { on: true } })),
      ["won mkForce true a", "off plain true b", "lost default false options"],
    );
  });

  test("what nobody defines is its default", () => {
    const { definitions: _, ...told } = trace("mem");
    assert.deepEqual(told, {
      name: "mem",
      option: "mem",
      value: 512,
      type: "integer",
      description: "Memory in MiB.",
      declarations: ["options"],
      default: "512",
    });
    assert.deepEqual(linesOf("mem"), ["won default 512 options"]);
    assert.deepEqual(linesOf("computed"), ["won default computed options"]);
  });

  test("a conflict is part of the answer, beside the definitions that make it", () => {
    const told = trace("name", { name: "x" }, { name: "y" });
    assert.deepEqual(told.fault, {
      code: "option-conflict",
      message: 'The option "name" has conflicting definitions: "x" in "a", "y" in "b"',
      hint: "Use mkForce or mkDefault to say which one counts",
    });
    assert.ok(!("value" in told));
    assert.deepEqual(
      told.definitions.map(({ won }) => won),
      [true, true],
    );
  });

  test("a definition that throws is told with its message, others with their values", () => {
    const broken = () => {
      throw new Error("boo");
    };
    const [first, second] = linesOf("mem", { mem: mkForce(5) }, { mem: broken });
    assert.equal(first, "won mkForce 5 a");
    assert.match(second!, /^lost plain The definition of "mem" in "b" threw.*: boo b$/);
  });

  test("attributes of a set have the definitions that name them", () => {
    const a = { sysctl: { "vm.swappiness": 10, other: 1 } };
    const told = trace('sysctl."vm.swappiness"', a, { sysctl: { "vm.swappiness": mkDefault(60) } });
    assert.deepEqual(
      [told.name, told.option, told.value, told.type],
      ['sysctl."vm.swappiness"', "sysctl", 10, "integer"],
    );
    assert.deepEqual(
      told.definitions.map(({ strength, value, won }) => [strength, value, won]),
      [
        ["plain", 10, true],
        ["mkDefault", 60, false],
      ],
    );
  });

  test("options of submodules are options, declared where the outer one is", () => {
    for (const path of ["disks[0].size", "disks.0.size"]) {
      const told = trace(path, { disks: [{ size: 7 }] });
      assert.deepEqual([told.name, told.value, told.declarations], ["disks[0].size", 7, ["options"]]);
    }
    assert.deepEqual(linesOf("disks[0].size", { disks: [{ size: 7 }] }), [
      "won plain 7 a",
      "lost default 1 options",
    ]);
  });

  test("a set of options has a value and no definitions of its own", () => {
    const told = trace("net", { net: { on: true } });
    assert.deepEqual([told.option, told.value, told.definitions], [null, { on: true }, []]);
    assert.deepEqual(trace("disks[0]", { disks: [{}] }).value, { size: 1 });
  });

  test("what is no plain data has no value, and its definitions are described", () => {
    const told = trace("make", { make: (n: number) => n });
    assert.ok(!("value" in told) && !told.fault);
    assert.equal(told.default, "one");
    assert.equal(told.definitions[0]!.shown, "a function with parameters");
  });

  test("an option that is not there is a fault with a suggestion", () => {
    const faults: readonly (readonly [string, string])[] = [
      ["mme", 'The option "mme" does not exist; did you mean "mem"'],
      ["net.onn", 'The option "net.onn" does not exist; did you mean "net.on"'],
      ["disks[3]", 'The option "disks[3]" does not exist'],
      ["sysctl.a", 'The option "sysctl.a" does not exist; did you mean "sysctl.b"'],
      ["mem.size", 'The option "mem.size" does not exist'],
      ["__proto__", 'The option "__proto__" does not exist'],
    ];
    for (const [path, message] of faults) {
      assert.throws(() => trace(path, { sysctl: { b: 1 } }), { code: "option-unknown", message });
    }
  });
});

test("a path has names, quoted names and numbers", () => {
  assert.deepEqual(parsePath('a.b-c."d.e\\"f"[3].g'), ["a", "b-c", 'd.e"f', "3", "g"]);
  assert.deepEqual(parsePath("services.getty@tty1.x"), ["services", "getty@tty1", "x"]);
  assert.deepEqual(parsePath(""), []);
});
