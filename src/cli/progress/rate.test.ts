import assert from "node:assert/strict";
import { test } from "node:test";
import { slidingRate } from "./rate.ts";

test("a steady line has its rate, however many samples it gives", () => {
  for (const step of [1, 30, 100, 700]) {
    const rate = slidingRate();
    let now = 0;
    for (; now <= 20_000; now += step) {
      rate.add(now, now * 5);
      const known = rate.perSecond(now);
      if (known !== undefined) assert.ok(Math.abs(known - 5000) < 1e-6, `${known} at ${now}`);
    }
    assert.ok(rate.perSecond(now - step) !== undefined);
  }
});

test("nothing is said before there is enough to say it from", () => {
  const rate = slidingRate();
  assert.equal(rate.perSecond(1000), undefined);
  rate.add(1000, 0);
  rate.add(1200, 400);
  assert.equal(rate.perSecond(1400), undefined);
  assert.equal(rate.perSecond(2000), 400);
});

test("what is older than the window is forgotten, and a line that stalls falls to nothing", () => {
  const rate = slidingRate();
  for (let now = 0; now <= 5000; now += 100) rate.add(now, now * 10);
  for (let now = 5100; now <= 10_000; now += 100) rate.add(now, 50_000 + (now - 5000));
  assert.equal(rate.perSecond(10_000), 1000);
  assert.equal(rate.perSecond(12_500), 500);
  assert.equal(rate.perSecond(15_000), 0);
  assert.equal(rate.perSecond(60_000), 0);
});
