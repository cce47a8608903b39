import assert from "node:assert/strict";
import { test } from "node:test";
import { pathExcluder } from "./path-filter.ts";

test("globs match as dpkg's, slashes included", () => {
  const isExcluded = pathExcluder({
    exclude: ["/usr/share/doc/*", "/a?c", "/[!x]z", "/plain.txt"],
    include: ["/usr/share/doc/*/copyright"],
  });
  const cases: Readonly<Record<string, boolean>> = {
    "/usr/share/doc/a/b/c": true,
    "/usr/share/doc": false,
    "/usr/share/doc/a/copyright": false,
    "/abc": true,
    "/ac": false,
    "/yz": true,
    "/xz": false,
    "/plain.txt": true,
    "/plain-txt": false,
  };
  for (const [path, expected] of Object.entries(cases)) assert.equal(isExcluded(path), expected, path);
});

test("without a filter nothing is left out", () => {
  assert.equal(pathExcluder(undefined)("/x"), false);
});
