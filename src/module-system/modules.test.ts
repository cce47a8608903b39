/** Which modules take part in an evaluation, and what they say about it under `_module`. */
import assert from "node:assert/strict";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { MicrovmError } from "../errors.ts";
import { evalModules, mkDefault, mkIf, mkOption, types, withFile } from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

const declared = {
  options: {
    enable: mkOption({ type: types.bool, default: false }),
    list: mkOption({ type: types.listOf(types.str), default: [] }),
    text: mkOption({ type: types.str, default: "" }),
  },
};

test("modules with the same key are one, wherever they come from", () => {
  const keyed = () => ({ key: "fruit", config: { list: ["pear"] } });
  assert.deepEqual(evaluated(declared, keyed(), { imports: [() => keyed()] }).config.list, ["pear"]);
  const anonymous = () => ({ config: { list: ["pear"] } });
  assert.deepEqual(evaluated(declared, anonymous(), anonymous()).config.list, ["pear", "pear"]);
});

test("a key must be a string", () => {
  assert.equal(
    faultOf(declared, { key: 1, config: {} }).message,
    '"key" of the module "b.ts" must be a string, but is 1',
  );
});

test("a module is disabled by its key", () => {
  const keyed = { key: "on", config: { enable: true } };
  assert.equal(evaluated(declared, keyed).config.enable, true);
  assert.equal(evaluated(declared, keyed, { disabledModules: [{ key: "on" }] }).config.enable, false);
  assert.equal(evaluated(declared, keyed, { disabledModules: [{ key: "off" }] }).config.enable, true);
});

test("a module that two others import goes only when both are disabled", () => {
  const shared = { list: ["shared"] };
  const one = { imports: [shared] };
  const other = { imports: [shared] };
  const listOf = (...disabledModules: unknown[]) =>
    evaluated(declared, one, other, { disabledModules }).config.list;
  assert.deepEqual([listOf(), listOf(one), listOf(other)], [["shared"], ["shared"], ["shared"]]);
  assert.deepEqual(listOf(one, other), []);
});

test("a module by path is disabled by a path from the file that disables it", () => {
  const files: Readonly<Record<string, unknown>> = {
    "/p/main.ts": { imports: ["./enable.ts"] },
    "/p/enable.ts": { enable: true },
    "/p/disable.ts": { disabledModules: ["./enable.ts"] },
  };
  const enable = (...modules: string[]) =>
    evalModules({
      modules: [declared, ...modules],
      file: "/p/project.ts",
      importModule: (path) => {
        const file = path.replace(/^\./, "/p");
        return { file, module: files[file] };
      },
    }).config.enable;
  assert.deepEqual([enable("./main.ts"), enable("./main.ts", "./disable.ts")], [true, false]);
});

test("a wrapped module is all config", () => {
  assert.equal(
    evaluated(
      declared,
      mkIf(() => true, { enable: true }),
    ).config.enable,
    true,
  );
});

test("modules give each other arguments, whose values may read config", () => {
  const { config } = evaluated(
    declared,
    { _module: { args: { fruit: "pear", late: "never" } } },
    ({ config }: Args) => ({ config: { _module: { args: { doubled: () => config.text.repeat(2) } } } }),
    ({ fruit }: Args) => ({ text: fruit }),
    (args: Args) => ({ list: () => [args.doubled] }),
  );
  assert.deepEqual([config.text, config.list], ["pear", ["pearpear"]]);
});

test("an argument of another module may decide what is imported", () => {
  const chosen = ({ modules }: Args) => ({ imports: modules.extra });
  const given = { _module: { args: { modules: { extra: [{ enable: true }] } } } };
  assert.equal(evaluated(declared, chosen, given).config.enable, true);
});

test("an argument that nobody gives is undefined, so that it may have a default", () => {
  assert.equal(evaluated(declared, ({ fruit = "plum" }: Args) => ({ text: fruit })).config.text, "plum");
  assert.equal(
    faultOf(declared, ({ fruit }: Args) => ({ text: fruit.name })).message,
    `The module in "b.ts" threw (at "${import.meta.filename}:99"): Cannot read properties of undefined (reading 'name')`,
  );
});

test("special arguments win over those of modules", () => {
  const { config } = evalModules({
    modules: [declared, { _module: { args: { who: "module" } } }, ({ who }: Args) => ({ text: who })],
    specialArgs: { who: "special" },
  });
  assert.equal(config.text, "special");
});

test("an argument that is taken apart too early must not need config", () => {
  const fault = faultOf(
    declared,
    ({ config }: Args) => ({ _module: { args: { fruit: () => config.text } } }),
    ({ fruit }: Args) => ({ list: [fruit] }),
  );
  assert.deepEqual(fault, {
    code: "option-recursion",
    message: 'The module "c.ts" reads "config.text" while modules are still being collected',
  });
});

test("unknown options are no faults when _module.check is off", () => {
  const unknown = { enable: true, other: 1 };
  assert.equal(faultOf(declared, unknown).code, "option-unknown");
  assert.deepEqual(plainOf(declared, unknown, { _module: { check: false } }), {
    enable: true,
    list: [],
    text: "",
  });
});

test("_module.freeformType takes what is not declared", () => {
  const freeform = { _module: { freeformType: types.attrsOf(types.str) } };
  assert.deepEqual(plainOf(declared, freeform, { fruit: "pear" }), {
    fruit: "pear",
    enable: false,
    list: [],
    text: "",
  });
  assert.equal(
    faultOf(declared, freeform, { fruit: 1 }).message,
    'The option "fruit" must be of type "string", but is 1 in "c.ts"',
  );
});

test("freeform types of several modules combine, or exclude each other", () => {
  const submodule = (name: string) =>
    types.attrsOf(types.submodule({ options: { [name]: mkOption({ type: types.int, default: 1 }) } }));
  const config = evaluated(
    { freeformType: submodule("a") },
    { _module: { freeformType: submodule("b") } },
    {
      x: {},
    },
  ).config;
  assert.deepEqual([config.x.a, config.x.b], [1, 1]);
  assert.equal(
    faultOf({ freeformType: types.attrsOf(types.int) }, { freeformType: types.attrsOf(types.str) }).message,
    'The modules have the freeform types "attribute set of integer" and "attribute set of string", which exclude each other',
  );
});

test("what is no type is no freeform type", () => {
  assert.equal(
    faultOf(declared, { freeformType: "str" }).message,
    '"freeformType" of the module "b.ts" must be a type, but is "str"',
  );
  assert.equal(
    faultOf(declared, { _module: { freeformType: "str" } }).message,
    'The option "_module.freeformType" must be of type "null or option type", but is "str" in "b.ts"',
  );
});

test("_module is no option that anybody lists", () => {
  const { config, options } = evaluated(declared, { _module: { args: { a: mkDefault(1) } } });
  assert.deepEqual(Object.keys(config), ["enable", "list", "text"]);
  assert.deepEqual(Object.keys(options), ["enable", "list", "text"]);
  assert.equal(config._module.args.a, 1);
  assert.equal(
    faultOf(declared, { _module: { arg: {} } }).message,
    'The option "_module.arg" does not exist, but is defined in "b.ts"; did you mean "_module.args"',
  );
});

function orMinusOne(read: () => number): number {
  try {
    return read();
  } catch {
    return -1;
  }
}

test("a chain of options may be longer than the stack", () => {
  const length = 5000;
  const names = Array.from({ length }, (_, index) => `o${index}`);
  const options = Object.fromEntries(names.map((name) => [name, mkOption({ type: types.int })]));
  const chain =
    (last: (config: Args) => number) =>
    ({ config }: Args) => ({
      config: Object.fromEntries(
        names.map((name, i) => [name, i + 1 < length ? () => config[`o${i + 1}`] + 1 : () => last(config)]),
      ),
    });
  assert.equal(
    evaluated(
      { options },
      chain(() => 1),
    ).config.o0,
    length,
  );
  const caught = ({ config }: Args) => ({
    config: Object.fromEntries(
      names.map((name, i) => [name, () => (i + 1 < length ? orMinusOne(() => config[`o${i + 1}`] + 1) : 1)]),
    ),
  });
  assert.equal(evaluated({ options }, caught).config.o0, length);
  assert.match(
    faultOf(
      withFile("o.ts", { options }),
      chain(({ o0 }) => o0),
    ).message,
    /^Infinite recursion: the option "o\d+" needs its own value, by way of (o\d+ → ){8}… 4985 more …( → o\d+){8}, in "b.ts"$/,
  );
});

const MODULE_FILES: { readonly [file: string]: unknown } = {
  "/p/vms/on.ts": { enable: true, imports: ["./text.ts"] },
  "/p/vms/text.ts": ({ name }: Args) => ({ config: { text: name } }),
};

/** A submodule option and its definitions, in files below /p. */
function withPaths(type: Args, ...definitions: unknown[]) {
  const sub = { options: { sub: mkOption({ type }) } };
  return evalModules({
    modules: [sub, ...definitions.map((value) => withFile("/p/project.ts", { sub: value }))],
    importModule: (path, from) => {
      const file = resolve(dirname(from), path);
      if (MODULE_FILES[file]) return { file, module: MODULE_FILES[file] };
      throw new MicrovmError("config-invalid", `Cannot find "${file}", imported by "${from}"`);
    },
  });
}

const whole = types.submoduleWith({ modules: [declared] });

test("a submodule is defined by the path of a module, from the file that defines it", () => {
  const { sub } = withPaths(whole, "./vms/on.ts", { list: ["a"] }).config;
  assert.deepEqual([sub.enable, sub.text, sub.list], [true, "sub", ["a"]]);
  assert.deepEqual(withPaths(types.attrsOf(whole), { web: "/p/vms/on.ts" }).config.sub.web.text, "web");
  assert.throws(() => withPaths(whole, "./none.ts").force(), {
    message: 'Cannot find "/p/none.ts", imported by "/p/project.ts"',
  });
  assert.equal(
    faultOf({ options: { sub: mkOption({ type: whole }) } }, { sub: "./on.ts" }).message,
    'The module "b.ts" imports "./on.ts", but modules cannot be imported by path here',
  );
});

test("a string defines a submodule only when it is a path and definitions are modules", () => {
  const refused = (type: Args, value: string) => () => withPaths(type, value).force();
  assert.throws(refused(whole, "on"), {
    message: 'The option "sub" must be of type "submodule", but is "on" in "/p/project.ts"',
  });
  assert.throws(refused(types.submodule(declared), "./vms/on.ts"), {
    message: 'The option "sub" must be of type "submodule", but is "./vms/on.ts" in "/p/project.ts"',
  });
  assert.equal(withPaths(types.either(types.str, whole), "./vms/on.ts").config.sub, "./vms/on.ts");
  assert.equal(withPaths(types.either(whole, types.str), "./vms/on.ts").config.sub.enable, true);
  assert.equal(withPaths(types.either(whole, types.str), "on").config.sub, "on");
});

test("what evalModules returned is no module", () => {
  const message = 'The module "a.ts" is what evalModules returned';
  assert.equal(faultOf({ imports: [evaluated(declared)] }).message, message);
  const sub = { options: { sub: mkOption({ type: types.submodule(declared) }) } };
  const imported = { sub: ({ name: _name }: Args) => ({ imports: [evaluated(declared)] }) };
  assert.equal(faultOf(sub, imported).message, message.replace("a.ts", "b.ts"));
});

test("what is disabled is a module or a path", () => {
  assert.equal(
    faultOf({ disabledModules: [undefined] }).message,
    '"disabledModules" of the module "a.ts" has undefined, which is no module and no path',
  );
});

test("a configuration that is no attribute set is refused", () => {
  assert.equal(
    faultOf(declared, { config: true }).message,
    'The option "config" must be of type "attribute set", but is true in "b.ts"',
  );
});

test("special arguments may replace those that every module has", () => {
  const type = types.submoduleWith({ modules: [], specialArgs: { lib: { own: "mine" } } });
  const definition = ({ lib }: Args) => ({ options: { x: mkOption({ type: types.str, default: lib.own }) } });
  assert.deepEqual(plainOf({ options: { sub: mkOption({ type }) } }, { sub: definition }), {
    sub: { x: "mine" },
  });
});

test("a submodule's options know the files that define them", () => {
  const type = types.submodule(({ options }: Args) => ({
    options: {
      value: mkOption({ type: types.int }),
      files: mkOption({
        type: types.listOf(types.str),
        default: () => options.value.definitions.map(({ file }: Args) => file),
      }),
    },
  }));
  const { files } = evaluated({ options: { sub: mkOption({ type }) } }, { sub: { value: 1 } }).config.sub;
  assert.deepEqual(files, ["b.ts"]);
});
