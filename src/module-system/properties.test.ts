/** What holds for all modules; shown with many that are made up from seeds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  evalModules,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkOrder,
  toPlain,
  types,
} from "./index.ts";
import { pick, type Random, randomOf, shuffled } from "./testing/random.ts";

const CASES = 300;

const sub = types.submodule({
  options: {
    n: mkOption({ type: types.int, default: 0 }),
    map: mkOption({ type: types.attrsOf(types.int), default: {} }),
  },
});

const declared = {
  options: {
    a: mkOption({ type: types.int, default: 0 }),
    set: { b: mkOption({ type: types.bool, default: false }) },
    map: mkOption({ type: types.attrsOf(types.int), default: {} }),
    any: mkOption({ type: types.anything, default: {} }),
    subs: mkOption({ type: types.lazyAttrsOf(sub), default: {} }),
    list: mkOption({ type: types.listOf(types.int), default: [] }),
  },
};

/** Definitions of everything that has an order of no account. */
function definition(random: Random): unknown {
  const name = pick(random, ["x", "y", "z"]);
  return wrapped(
    random,
    pick<() => unknown>(random, [
      () => ({ a: wrapped(random, random(3)) }),
      () => ({ set: wrapped(random, { b: wrapped(random, random(2) === 0) }) }),
      () => ({ map: wrapped(random, { [name]: wrapped(random, random(3)) }) }),
      () => ({ any: { [name]: wrapped(random, { n: random(3) }) } }),
      () => ({ subs: { [name]: wrapped(random, { n: wrapped(random, random(3)), map: { [name]: 1 } }) } }),
    ])(),
  );
}

/** What a wrapper or function may stand around. */
function wrapped(random: Random, value: unknown): unknown {
  return pick<() => unknown>(random, [
    () => value,
    () => value,
    () => () => value,
    () => mkIf(random(3) > 0, value),
    () => mkIf(() => true, value),
    () => mkMerge([value]),
    () => mkDefault(value),
    () => mkForce(value),
  ])();
}

/** The plain configuration, or the codes of its faults. */
function outcome(modules: readonly unknown[]): unknown {
  const evaluated = evalModules({ modules: [declared, ...modules] });
  const faults = evaluated.collectErrors();
  return faults.length === 0 ? canonical(toPlain(evaluated)) : faults.map(({ code }) => code).sort();
}

/** The same whatever the order of names. */
function canonical(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, canonical(each)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function forAll(check: (random: Random, modules: unknown[]) => void): void {
  for (let seed = 1; seed <= CASES; seed++) {
    const random = randomOf(seed);
    const modules = Array.from({ length: 2 + random(12) }, () => definition(random));
    try {
      check(random, modules);
    } catch (error) {
      throw new Error(`Seed ${seed} shows that it does not hold`, { cause: error });
    }
  }
}

test("the made-up modules are evaluated to values and to faults", () => {
  let faulty = 0;
  forAll((_random, modules) => {
    if (Array.isArray(outcome(modules))) faulty++;
  });
  assert.ok(faulty > CASES / 20 && faulty < CASES / 2, `${faulty} of ${CASES} have faults`);
});

test("the order of modules makes no difference but to lists", () => {
  forAll((random, modules) => assert.deepEqual(outcome(shuffled(random, modules)), outcome(modules)));
});

test("it makes no difference who imports a module", () => {
  forAll((random, modules) => {
    const [first, ...rest] = modules;
    const importer = { imports: rest, config: first };
    assert.deepEqual(
      outcome([importer, { imports: shuffled(random, [importer, ...rest]) }]),
      outcome(modules),
    );
  });
});

test("mkMerge of one definition is that definition", () => {
  forAll((_random, modules) => {
    const merged = modules.map((module) => mkMerge([module]));
    assert.deepEqual(outcome(merged), outcome(modules));
  });
});

test("mkMerge of all modules is all modules", () => {
  forAll((_random, modules) => assert.deepEqual(outcome([mkMerge(modules)]), outcome(modules)));
});

test("a definition whose condition does not hold is none", () => {
  forAll((random, modules) => {
    const none = mkIf(() => false, definition(random));
    assert.deepEqual(outcome([...modules, none]), outcome(modules));
  });
});

test("a function that returns a definition is that definition", () => {
  forAll((_random, modules) => {
    const called = modules.map((module) => ({ config: () => module }));
    assert.deepEqual(outcome(called), outcome(modules));
  });
});

test("evaluation is deterministic, faults and their texts included", () => {
  forAll((_random, modules) => {
    const texts = () =>
      evalModules({ modules: [declared, ...modules] })
        .collectErrors()
        .map(({ message }) => message);
    assert.deepEqual(outcome(modules), outcome(modules));
    assert.deepEqual(texts(), texts());
  });
});

test("options may be read in any order", () => {
  forAll((random, modules) => {
    const { config } = evalModules({ modules: [declared, ...modules] });
    const read = () =>
      Object.fromEntries(
        shuffled(random, Object.keys(config)).map((name) => {
          try {
            return [name, JSON.stringify(canonical(config[name]))];
          } catch (error) {
            return [name, (error as Error).message];
          }
        }),
      );
    assert.deepEqual(read(), read());
  });
});

test("a list has the entries of all definitions, by their order and then by that of the modules", () => {
  for (let seed = 1; seed <= CASES; seed++) {
    const random = randomOf(seed);
    const given = Array.from({ length: 6 }, (_, entry) => ({ entry, order: random(3) * 500 + 500 }));
    const { config } = evalModules({
      modules: [declared, ...given.map(({ entry, order }) => ({ list: mkOrder(order, [entry]) }))],
    });
    const sorted = given.toSorted((a, b) => a.order - b.order);
    assert.deepEqual(
      config.list,
      sorted.map(({ entry }) => entry),
    );
  }
});
