/** Many processes on one store at once: each path made once, nothing lost to collections. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { collectGarbage } from "../src/store/collect.ts";
import { graphOf, type Recipe, storePathName } from "../src/store/recipe.ts";
import { openStore } from "../src/store/store.ts";
import { fixedFile, recipe } from "../src/store/testing/recipes.ts";
import { childCommand, leftovers, start, temporaryDirectory } from "../src/store/testing/temporary-store.ts";

/** Three tops over shared inputs, fetched files among them; each build writes its name to a log. */
function overlappingSets(log: string): Recipe[] {
  const file = (name: string) => {
    const fetched = fixedFile(name, name);
    return { ...fetched, params: { text: name, log } };
  };
  const files = ["f1", "f2", "f3", "f4"].map(file);
  const middle = (name: string, inputs: Recipe[]) =>
    recipe(name, { params: { text: name, log }, inputs: { inputs } });
  const shared = recipe("shared", { kind: "slow", params: { log }, inputs: { files } });
  const tops: [string, Recipe[]][] = [
    ["one", [shared, middle("left", files.slice(0, 3))]],
    ["two", [shared, middle("left", files.slice(0, 3)), middle("right", files.slice(1))]],
    ["three", [middle("right", files.slice(1)), shared]],
  ];
  return tops.map(([name, inputs]) =>
    recipe(name, { kind: "tree", params: { log }, inputs: { inputs }, references: ["inputs"] }),
  );
}

test("eight processes that want overlapping sets make every path once, and all succeed", async (context) => {
  const directory = temporaryDirectory(context);
  const log = join(directory, "log");
  const tops = overlappingSets(log);
  const store = openStore(join(directory, "store"));
  const children = Array.from({ length: 8 }, (_, index) => {
    const top = tops[index % tops.length]!;
    return start(childCommand(store.directory, top))
      .output()
      .then((output) => assert.equal(output, `${store.pathOf(top)}\n`));
  });
  await Promise.all(children);
  const wanted = new Map(graphOf(tops).map((one) => [storePathName(one), one.name]));
  assert.deepEqual(readFileSync(log, "utf8").trim().split("\n").sort(), [...wanted.values()].sort());
  for (const name of wanted.keys()) assert.ok((await store.verify(name)).intact);
  assert.deepEqual(leftovers(store), []);
});

test("collections while processes build take nothing that they want", async (context) => {
  const directory = temporaryDirectory(context);
  const tops = overlappingSets(join(directory, "log"));
  const store = openStore(join(directory, "store"));
  let building = true;
  const children = Promise.all(
    tops.map((top) =>
      start(childCommand(store.directory, top))
        .output()
        .then((output) => [top, output] as const),
    ),
  ).finally(() => {
    building = false;
  });
  store.prepare();
  while (building) await collectGarbage(store.directory, { links: [], keepInputs: false });
  for (const [top, output] of await children) assert.equal(output, `${store.pathOf(top)}\n`);
});
