import assert from "node:assert/strict";
import { test } from "node:test";
import { randomOf, shuffled } from "../../../module-system/testing/random.ts";
import { type OrderedUnit, orderCycle } from "./order.ts";

const unit = (name: string, after: readonly string[] = [], before: readonly string[] = []): OrderedUnit => ({
  name,
  after,
  before,
});

test("units in order have no cycle, whoever says so", () => {
  assert.equal(
    orderCycle([unit("a", ["b", "nobody"]), unit("b", ["c"]), unit("c", [], ["a", "b"])]),
    undefined,
  );
});

test("a cycle is shown from unit to unit", () => {
  assert.deepEqual(orderCycle([unit("a", ["b"]), unit("b", ["c"]), unit("c"), unit("d", ["c"], ["c"])]), [
    "c",
    "d",
    "c",
  ]);
  assert.deepEqual(orderCycle([unit("a", ["a"])]), ["a", "a"]);
});

test("a long chain is no fault", () => {
  const chain = Array.from({ length: 5000 }, (_, index) => unit(`u${index}`, [`u${index + 1}`]));
  assert.equal(orderCycle(chain), undefined);
});

test("orders made from a line have no cycle, and one with a step back has", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = randomOf(seed);
    const names = Array.from({ length: 2 + random(12) }, (_, index) => `u${index}`);
    const units = names.map((name, index) => {
      const earlier = names.slice(0, index).filter(() => random(3) === 0);
      const later = names.slice(index + 1).filter(() => random(3) === 0);
      return unit(name, earlier, later);
    });
    assert.equal(orderCycle(shuffled(random, units)), undefined, `seed ${seed}`);
    const [first, last] = [units[0]!, units.at(-1)!];
    const back = [
      { ...first, after: [...first.after, last.name] },
      ...units.slice(1, -1),
      { ...last, after: [...last.after, first.name] },
    ];
    const cycle = orderCycle(shuffled(random, back));
    assert.ok(cycle && cycle.length > 2 && cycle[0] === cycle.at(-1), `seed ${seed}`);
  }
});
