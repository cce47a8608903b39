import assert from "node:assert/strict";
import { test } from "node:test";
import { mkIf, mkOption, types } from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

const options = {
  options: {
    microvm: {
      mem: mkOption({ type: types.ints.positive, default: 512 }),
      vcpu: mkOption({ type: types.ints.positive, default: 1 }),
      volumes: mkOption({
        type: types.listOf(types.submodule({ options: { image: mkOption({ type: types.str }) } })),
        default: [],
      }),
    },
  },
};

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

function message(...modules: unknown[]): string {
  return faultOf(options, ...modules).message;
}

test("a wrong type names option, type, value and file", () => {
  assert.deepEqual(faultOf(options, { microvm: { mem: "lots" } }), {
    code: "option-type",
    message:
      'The option "microvm.mem" must be of type "positive integer, meaning >0", but is "lots" in "b.ts"',
  });
});

test("wrong definitions are all named, and long values shortened", () => {
  assert.equal(
    message({ microvm: { mem: -1 } }, { microvm: { mem: "x".repeat(100) } }),
    `The option "microvm.mem" must be of type "positive integer, meaning >0", but is -1 in "b.ts" and "${"x".repeat(78)}… in "c.ts"`,
  );
});

test("a value that JSON cannot say is described", () => {
  const shown = (value: unknown) => /but is (.*) in "b.ts"$/.exec(message({ microvm: { mem: value } }))?.[1];
  assert.equal(shown(undefined), "undefined");
  assert.equal(shown(Number.NaN), "NaN");
  assert.equal(shown(10n), "10");
  assert.equal(shown(Symbol("s")), "a symbol");
  assert.equal(shown(new Map()), "an instance of Map");
  assert.equal(
    shown((x: number) => x),
    "a function with parameters",
  );
  assert.equal(shown({ f: () => 1 }), '{"f":"<function>"}');
});

test("an unknown option comes with a suggestion and its file", () => {
  assert.deepEqual(faultOf(options, { microvm: { memm: 1 } }), {
    code: "option-unknown",
    message: 'The option "microvm.memm" does not exist, but is defined in "b.ts"; did you mean "microvm.mem"',
  });
});

test("an unknown option within a submodule is found", () => {
  assert.equal(
    message({ microvm: { volumes: [{ image: "a", imgae: "b" }] } }),
    'The option "microvm.volumes[0].imgae" does not exist, but is defined in "b.ts"; did you mean "microvm.volumes[0].image"',
  );
});

test("reading an unknown option is a fault too", () => {
  assert.equal(
    message(({ config }: Args) => ({ microvm: { mem: () => config.microvm.vcpus } })),
    'The option "microvm.vcpus" does not exist; did you mean "microvm.vcpu"',
  );
});

test("conflicting definitions are all listed", () => {
  assert.deepEqual(faultOf(options, { microvm: { mem: 1 } }, { microvm: { mem: 2 } }), {
    code: "option-conflict",
    message: 'The option "microvm.mem" has conflicting definitions: 1 in "b.ts", 2 in "c.ts"',
  });
});

test("recursion shows the chain", () => {
  const module = ({ config }: Args) => ({
    microvm: { mem: () => config.microvm.vcpu, vcpu: () => config.microvm.mem },
  });
  assert.deepEqual(faultOf(options, module), {
    code: "option-recursion",
    message:
      'Infinite recursion: the option "microvm.mem" needs its own value, by way of microvm.mem → microvm.vcpu → microvm.mem, in "b.ts"',
  });
});

test("a set's definition that reads the set is a recursion", () => {
  assert.equal(
    message(({ config }: Args) => ({ microvm: () => ({ mem: config.microvm.vcpu }) })),
    'Infinite recursion: the option "microvm" needs its own value, by way of microvm → microvm, in "b.ts"',
  );
});

test("an option that is used but not defined is named, in a submodule too", () => {
  assert.deepEqual(faultOf(options, { microvm: { volumes: [{}] } }), {
    code: "option-undefined",
    message: 'The option "microvm.volumes[0].image" is used but not defined; it is declared in "a.ts"',
  });
});

test("an option that is used but not defined comes with every file that declares it", () => {
  const disk = (name: string) => types.submodule({ options: { [name]: mkOption({ type: types.str }) } });
  const declare = (type: Args) => ({ options: { x: mkOption({ type }) } });
  assert.equal(
    faultOf(declare(types.int), declare(types.int)).message,
    'The option "x" is used but not defined; it is declared in "a.ts" and "b.ts"',
  );
  assert.equal(
    faultOf(declare(types.attrsOf(disk("a"))), declare(types.attrsOf(disk("a"))), { x: { y: {} } }).message,
    'The option "x.y.a" is used but not defined; it is declared in "a.ts" and "b.ts"',
  );
  assert.equal(
    faultOf(declare(disk("a")), { options: { x: { b: mkOption({ type: types.int }) } } }, { x: { a: "1" } })
      .message,
    'The option "x.b" is used but not defined; it is declared in "b.ts"',
  );
});

test("an undefined option that nobody reads is no fault", () => {
  const module = {
    options: { x: mkOption({ type: types.int }), y: mkOption({ type: types.int, default: 1 }) },
  };
  assert.equal(evaluated(module).config.y, 1);
  assert.throws(() => evaluated(module).config.x, {
    message: 'The option "x" is used but not defined; it is declared in "a.ts"',
  });
});

test("a read-only option is defined once", () => {
  const module = { options: { x: mkOption({ type: types.int, default: 1, readOnly: true }) } };
  assert.equal(
    faultOf(module, { x: 2 }).message,
    'The option "x" is read-only, but is set several times: 1 in "a.ts", 2 in "b.ts"',
  );
});

test("all faults are reported together, each once", () => {
  const module = ({ config }: Args) => ({
    microvm: { mem: "x", vcpu: () => config.microvm.mem, other: 1 },
  });
  assert.deepEqual(faultOf(options, module), {
    code: "config-invalid",
    message: [
      "The configuration has 2 faults:",
      '- The option "microvm.other" does not exist, but is defined in "b.ts"',
      '- The option "microvm.mem" must be of type "positive integer, meaning >0", but is "x" in "b.ts"',
    ].join("\n"),
  });
});

test("a definition that throws is named with file and line", () => {
  const fault = faultOf(options, { microvm: { mem: () => (undefined as Args).x } });
  assert.equal(fault.code, "config-threw");
  assert.match(
    fault.message,
    /^The definition of "microvm\.mem" in "b\.ts" threw \(at "\/.*faults\.test\.ts:\d+"\): Cannot read properties of undefined \(reading 'x'\)$/,
  );
});

test("a module that throws is named, whatever it throws", () => {
  const module = () => {
    throw null;
  };
  assert.deepEqual(faultOf(options, module), {
    code: "config-threw",
    message: 'The module in "b.ts" threw: null',
  });
});

test("reading config while modules are collected says to wrap the value", () => {
  assert.throws(() => plainOf(options, ({ config }: Args) => ({ microvm: { mem: config.microvm.vcpu } })), {
    code: "option-recursion",
    message: 'The module "b.ts" reads "config.microvm" while modules are still being collected',
    hint: "Wrap the value in a function, so that it is read when needed: () => config.…",
  });
});

test("what is no module is refused", () => {
  const bad = (value: unknown) => message(value);
  assert.equal(
    bad(null),
    'The module "b.ts" must be an attribute set or a function that returns one, but is null',
  );
  assert.equal(
    bad([]),
    'The module "b.ts" must be an attribute set or a function that returns one, but is a list',
  );
  assert.equal(
    bad(async () => ({})),
    'The module "b.ts" is a promise',
  );
  assert.equal(bad({ imports: {} }), '"imports" of the module "b.ts" must be a list, but is {}');
  assert.equal(
    bad({ config: {}, mem: 1 }),
    'The module "b.ts" has the key "mem" beside "options" or "config"',
  );
  assert.equal(
    bad("./x.ts"),
    'The module "b.ts" imports "./x.ts", but modules cannot be imported by path here',
  );
});

test("what is no set of options is refused", () => {
  assert.equal(
    message({ options: [] }),
    'The options of the module "b.ts" must be an attribute set, but are []',
  );
  assert.equal(
    message({ options: { x: 1 } }),
    'The option "x" in "b.ts" must be declared with mkOption, but is 1',
  );
  assert.equal(
    message({ options: { microvm: { mem: mkOption({ type: types.str }) } } }),
    'The option "microvm.mem" is declared with types that exclude each other: "positive integer, meaning >0" in "a.ts", "string" in "b.ts"',
  );
  assert.equal(
    message({ options: { microvm: mkOption({ type: types.str }) } }),
    '"microvm" is declared both as an option and as a set of options, one of them in "b.ts"',
  );
});

test("a set of options takes attribute sets only", () => {
  assert.equal(
    message({ microvm: 3 }),
    'The option "microvm" must be of type "attribute set", but is 3 in "b.ts"',
  );
});

test("an asynchronous definition is refused", () => {
  assert.equal(
    message({ microvm: { mem: async () => 1 } }),
    'The definition of "microvm.mem" in "b.ts" returned a promise',
  );
});

test("a condition must be a boolean", () => {
  assert.equal(
    message({ microvm: { mem: mkIf("yes" as never, 1) } }),
    'The definition of "microvm.mem" in "b.ts" is a malformed mkIf, mkMerge, mkOverride or mkOrder',
  );
  assert.equal(
    message({ microvm: { mem: mkIf((() => "yes") as never, 1) } }),
    'The option "microvm.mem.mkIf" must be of type "boolean", but is "yes" in "b.ts"',
  );
});

test("functions without end and values that contain themselves are faults", () => {
  const again = (): unknown => again;
  assert.equal(
    message({ microvm: { mem: again } }),
    'The value of the option "microvm.mem" in "b.ts" contains itself or is nested too deeply',
  );
  const circular: Args = {};
  circular.self = circular;
  const module = { options: { any: mkOption({ type: types.anything }) } };
  assert.match(
    faultOf(module, { any: circular }).message,
    /^The value of the option "any" in "b.ts" contains itself or is nested too deeply$/,
  );
});

test("a module may import itself, but not new modules without end", () => {
  const itself = (): unknown => ({ imports: [itself], microvm: { mem: 7 } });
  assert.equal(evaluated(options, itself).config.microvm.mem, 7);
  const endless = (): unknown => ({ imports: [() => endless()] });
  assert.equal(message(endless), 'The modules that "<inline>" imports import more without end');
});

test("a symbol that marks wrappers on something else is no crash", () => {
  const forged = { [Symbol.for("microvm.wrapper")]: "merge", contents: 3 };
  assert.equal(
    message({ microvm: { mem: forged } }),
    'The definition of "microvm.mem" in "b.ts" is a malformed mkIf, mkMerge, mkOverride or mkOrder',
  );
});
