import assert from "node:assert/strict";
import { test } from "node:test";
import { type TreeEntry, withoutLinks } from "./tree-links.ts";

/** A tree of these files and links, and how it comes out: what is where, by the path of the file that it was. */
function flat(files: readonly string[], links: Readonly<Record<string, string>>) {
  const entries: TreeEntry[] = [
    ...files.map((path) => ({ path, kind: "file" as const, hash: path, size: 1 })),
    ...Object.keys(links).map((path) => ({ path, kind: "link" as const, hash: path, size: 1 })),
  ];
  const found = withoutLinks(entries, new Map(Object.entries(links)));
  return Object.fromEntries(found.map(({ path, hash }) => [path, hash]));
}

test("links to files and directories become copies, through other links too", () => {
  assert.deepEqual(
    flat(["lib/a", "x/y/own"], { "x/y/lib": "../../lib", "x/file": "./y/lib/a", "lib/self": "a" }),
    {
      "lib/a": "lib/a",
      "lib/self": "lib/a",
      "x/file": "lib/a",
      "x/y/lib/a": "lib/a",
      "x/y/lib/self": "lib/a",
      "x/y/own": "x/y/own",
    },
  );
});

test("links that lead to nothing, or to each other, are left out", () => {
  assert.deepEqual(flat(["a"], { gone: "missing/file", one: "two", two: "one", "d/l": "../gone" }), {
    a: "a",
  });
});

test("links that lead out of the tree are refused, by whatever way", () => {
  for (const target of ["/etc/shadow", "../x", "d/../../x", "missing/../../x"]) {
    assert.throws(() => flat(["d/e/f"], { link: target }), {
      code: "reference-not-found",
      message: `The link "link" leads out of the tree, to "${target}"`,
    });
  }
  // Through a link to a deeper directory it stays inside: that is what the kernel does.
  assert.deepEqual(flat(["d/e/f", "x"], { link: "deep/../../x", deep: "d/e" }), {
    ...{ "d/e/f": "d/e/f", "deep/f": "d/e/f" },
    ...{ link: "x", x: "x" },
  });
  // Through a link to a shallower one it does not, whatever the names look like.
  assert.throws(() => flat(["d/e/f", "top/g"], { "d/e/up": "../../top", link: "d/e/up/../../x" }), {
    message: 'The link "link" leads out of the tree, to "d/e/up/../../x"',
  });
});

test("links to a directory around them, and trees that grow without measure, are refused", () => {
  assert.throws(() => flat(["a/b"], { "a/again": "." }), {
    message: 'The link "a/again" of the tree leads to a directory that it is in',
  });
  assert.throws(() => flat(["a/x"], { "a/b": "../b/y", "b/y": "../a" }), {
    message: /^The link ".*" of the tree leads to a directory that it is in$/,
  });
  const bomb = Object.fromEntries(
    Array.from({ length: 30 }, (_, level) =>
      ["l", "r"].map((side) => [`d${level}/${side}`, `../d${level + 1}`]),
    ).flat(),
  );
  for (const files of [["d30/x"], ["x"]]) {
    assert.throws(() => flat(files, { ...bomb, "d30/none": "nothing" }), {
      message: "The tree is too large when its links are replaced by what they lead to",
    });
  }
});
