/** Classes of modules, and what module functions know of the evaluation that they take part in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { evalModules, mkOption, types, withFile } from "./index.ts";
import { faultOf } from "./testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: what module functions of tests get
type Args = any;

const guest = withFile("guest.ts", { _class: "guest", options: { n: mkOption({ type: types.int }) } });
const host = withFile("host.ts", { _class: "host", config: { n: 1 } });
const evaluate = (...modules: unknown[]) => evalModules({ class: "guest", modules });
const subOf = (options: object) => ({
  options: { sub: mkOption({ type: types.submoduleWith({ modules: [], ...options }), default: {} }) },
});
const REFUSED =
  'The module "host.ts" is of class "host", but is imported where modules of class "guest" are expected';

test("a module of another class is refused, imported or disabled too", () => {
  const refused = { code: "config-invalid", message: REFUSED };
  assert.equal(evaluate(guest, { n: 1 }).config.n, 1);
  assert.equal(evaluate(guest, { _class: "guest", n: 1 }).config.n, 1);
  assert.equal(evaluate(guest, { _class: null, n: 1 }).config.n, 1);
  assert.throws(() => evaluate(guest, host), refused);
  assert.throws(() => evaluate(guest, { imports: [{ imports: [() => host] }] }), refused);
  const shared = { _class: "host" };
  assert.throws(() => evaluate(withFile("host.ts", shared), { disabledModules: [shared] }), refused);
  assert.throws(() => evaluate(guest, { n: 1 }).extendModules({ modules: [host] }), refused);
});

test("an evaluation without a class takes modules of every class", () => {
  const { config, class: none } = evalModules({ modules: [guest, host] });
  assert.deepEqual([config.n, none], [1, undefined]);
  assert.equal(evaluate(guest).class, "guest");
});

test("a class that is no string is refused", () => {
  assert.equal(faultOf({ _class: 1 }).message, '"_class" of the module "a.ts" must be a string, but is 1');
});

test("a submodule's class is that of its definitions and of the modules that they import", () => {
  const sub = subOf({ class: "guest" });
  assert.deepEqual(Object.keys(evalModules({ modules: [sub, { sub: { _class: "guest" } }] }).config.sub), []);
  assert.equal(faultOf(sub, { sub: { imports: [host] } }).message, REFUSED);
  assert.equal(faultOf(subOf({ class: "guest", modules: [host] })).message, REFUSED);
  const { type } = evaluate(guest);
  assert.equal(
    faultOf({ options: { sub: mkOption({ type }) } }, { sub: { imports: [host] } }).message,
    REFUSED,
  );
});

test("submodules of different classes exclude each other", () => {
  assert.equal(
    faultOf(subOf({ class: "guest" }), subOf({ class: "host" })).message,
    'The option "sub" is declared with types that exclude each other: "submodule of class "guest"" in "a.ts", "submodule of class "host"" in "b.ts"',
  );
  const { default: _default, ...open } = subOf({}).options.sub;
  const both = [subOf({ class: "guest" }), { options: { sub: open } }, { sub: { imports: [host] } }];
  assert.equal(faultOf(...both).message, REFUSED);
  assert.equal(faultOf(both[1], both[0], both[2]).message, REFUSED);
});

test("a module function knows the class and the prefix of its evaluation", () => {
  const seen = ({ _class, _prefix }: Args) => ({
    imports: [_class === "guest" ? { seen: "a guest" } : { seen: `no guest, but ${_class}` }],
    options: {
      seen: mkOption({ type: types.str }),
      at: mkOption({ type: types.str, default: _prefix.join(".") }),
    },
  });
  const { seen: word, at } = evaluate(seen).config;
  assert.deepEqual([word, at], ["a guest", ""]);
  const { sub } = evalModules({ modules: [subOf({ class: "host", modules: [seen] })] }).config;
  assert.deepEqual([sub.seen, sub.at], ["no guest, but host", "sub"]);
  assert.equal(evalModules({ modules: [seen] }).config.seen, "no guest, but null");
});
