/** Values that all evaluations share are those that no evaluation could change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { evalModules, makeType, mkOption, toPlain, types } from "./index.ts";

const plainOf = (...modules: unknown[]) => toPlain(evalModules({ modules })) as Record<string, never>;

test("a set of literal defaults is the same object in every evaluation that defines nothing in it", () => {
  const module = {
    options: {
      service: {
        port: mkOption({ type: types.port, default: 80 }),
        names: mkOption({ type: types.listOf(types.str), default: ["a"] }),
        more: { level: mkOption({ type: types.nullOr(types.str), default: null }) },
      },
    },
  };
  const expected = { service: { port: 80, names: ["a"], more: { level: null } } };
  const [first, second, third] = [plainOf(module), plainOf(module), plainOf(module)];
  assert.deepEqual([first, second, third], [expected, expected, expected]);
  assert.equal(second.service, third.service);
  assert.ok(Object.isFrozen(third.service));
  const defined = plainOf(module, { config: { service: { port: 81 } } });
  assert.deepEqual(defined, { service: { ...expected.service, port: 81 } });
  assert.deepEqual(plainOf(module), expected);
});

test("what is computed is computed in each evaluation", () => {
  let calls = 0;
  const counted = makeType<unknown>({
    name: "counted",
    description: "counted",
    check: () => true,
    merge: () => ++calls,
  });
  const reading = Object.defineProperty({}, "a", { get: () => ++calls, enumerable: true }) as { a: number };
  const module = {
    options: {
      base: mkOption({ type: types.int, default: 1 }),
      thunk: mkOption({
        type: types.int,
        default: ({ config }: { config: { base: number } }) => config.base,
      }),
      applied: mkOption({ type: types.int, default: 1, apply: () => ++calls }),
      merged: mkOption({ type: counted, default: 1000 }),
      read: mkOption({ type: types.attrsOf(types.int), default: reading }),
    },
  };
  plainOf(module);
  const before = calls;
  const later = plainOf(module, { config: { base: 5 } });
  assert.equal(later.thunk, 5);
  assert.equal(calls, before + 3);
});

test("a default that does not fit is a fault each time", () => {
  const module = { options: { set: { port: mkOption({ type: types.port, default: "none" }) } } };
  for (let time = 0; time < 3; time++) assert.throws(() => plainOf(module), /"set.port"/);
});

test("unknown names in a set of constant defaults are faults", () => {
  const module = { options: { set: { a: mkOption({ type: types.int, default: 1 }) } } };
  for (let time = 0; time < 3; time++) plainOf(module);
  assert.throws(() => plainOf(module, { config: { set: { b: 1 } } }), /"set.b"/);
});
