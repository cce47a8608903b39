/** What messages say of options in submodules, of definitions that are passed on, and of declarations in wrong places. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mkDefinition, mkForce, mkMerge, mkOption, types } from "./index.ts";
import { evaluated, faultOf, plainOf } from "./testing/evaluate.ts";

const off = mkOption({ type: types.bool, default: false });
const enable = { options: { enable: off } };

test("an option that is declared below config comes with a hint", () => {
  const hintOf = (...modules: object[]) =>
    evaluated(...modules)
      .collectErrors()
      .map(({ hint }) => hint);
  const hint = 'Options are declared below "options", not below "config"';
  assert.deepEqual(hintOf(enable, { wrong: off }), [hint]);
  assert.deepEqual(hintOf(enable, { nest: { wrong: off } }), [hint]);
  assert.deepEqual(hintOf(enable, { wrong: true }), [undefined]);
  const sub = { options: { sub: mkOption({ type: types.submodule({ wrong: off }), default: {} }) } };
  assert.equal(faultOf(sub).message, 'The option "sub.wrong" does not exist, but is defined in "a.ts"');
  assert.deepEqual(hintOf(sub), [hint]);
});

test("what a submodule's own module defines is in the files that declare the option", () => {
  const type = types.submodule({ options: { n: mkOption({ type: types.int }) }, config: { n: 1 } });
  const sub = { options: { sub: mkOption({ type }) } };
  const again = { options: { sub: mkOption({ type: types.submodule({ options: {} }) }) } };
  assert.equal(
    faultOf(sub, { sub: { n: 2 } }).message,
    'The option "sub.n" has conflicting definitions: 1 in "a.ts", 2 in "b.ts"',
  );
  assert.equal(
    faultOf(sub, again, { sub: { n: 2 } }).message,
    'The option "sub.n" has conflicting definitions: 1 in "a.ts or b.ts", 2 in "c.ts"',
  );
});

test("a definition that is passed on is in the file it comes from", () => {
  const value = { options: { value: mkOption({ type: types.int, default: 1 }) } };
  const passed = (content: unknown) => ({ value: mkDefinition({ file: "other.ts", value: content }) });
  assert.equal(
    faultOf(value, { value: 2 }, passed(3)).message,
    'The option "value" has conflicting definitions: 2 in "b.ts", 3 in "other.ts"',
  );
  assert.deepEqual(plainOf(value, passed(mkForce(3)), { value: 2 }), { value: 3 });
  assert.deepEqual(plainOf(value, { value: mkMerge([passed(3).value, passed(3).value]) }), { value: 3 });
});

test("a freeform type that is no type of sets fits no definition", () => {
  const sub = (freeformType: object) => ({
    options: { sub: mkOption({ type: types.submodule({ freeformType } as object), default: {} }) },
  });
  const number = types.either(types.int, types.int);
  assert.deepEqual(plainOf(sub(types.attrsOf(number)), { sub: { n: 42 } }), { sub: { n: 42 } });
  assert.deepEqual(plainOf(sub(number)), { sub: {} });
  assert.equal(
    faultOf(sub(number), { sub: { n: 1 } }).message,
    'The option "sub" must be of type "integer or integer", but is {"n":1} in "b.ts"',
  );
});

test("a list that must not be empty says what it is a list of", () => {
  const list = types.nonEmptyListOf(types.submodule(enable));
  assert.equal(
    faultOf({ options: { bad: mkOption({ type: list }) } }, { bad: [] }).message,
    'The option "bad" must be of type "non-empty list of submodule", but is [] in "b.ts"',
  );
});

test("a misspelt name in a submodule is suggested with its whole path", () => {
  const service = types.submodule({ options: { port: mkOption({ type: types.int }) } });
  const services = { options: { services: mkOption({ type: types.attrsOf(service) }) } };
  const message = (services_: object) => faultOf(services, { services: services_ }).message.split("\n")[1];
  assert.equal(
    message({ "example.com": { prot: 80 } }),
    '- The option "services."example.com".prot" does not exist, but is defined in "b.ts"; did you mean "services."example.com".port"',
  );
});
