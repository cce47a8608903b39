/** Stores on disks that are full, or that nobody may write to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recipe } from "../src/store/testing/recipes.ts";
import {
  childCommand,
  maintainCommand,
  start,
  temporaryDirectory,
} from "../src/store/testing/temporary-store.ts";

const skip = process.getuid?.() === 0 ? false : "needs root, to mount";

/**
 * Runs shell commands with a small file system at `$0`, in a mount namespace that ends with them: whatever happens,
 * nothing is left mounted. `realise A`, … realise the given recipes.
 */
async function onSmallDisk(
  directory: string,
  script: string,
  recipes: Readonly<Record<string, readonly string[]>>,
): Promise<string[]> {
  const functions = Object.entries(recipes).map(
    ([name, words]) =>
      `${name}() { ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")}; }`,
  );
  const all = `mount -t tmpfs -o size=2m tmpfs "$0"\n${functions.join("\n")}\n${script}`;
  const { output } = start(["unshare", "--mount", "sh", "-c", all, directory]);
  return (await output()).trim().split("\n");
}

test("a build on a full disk says so, breaks nothing, and works once there is space", {
  skip,
}, async (context) => {
  const directory = temporaryDirectory(context);
  const store = `${directory}/store`;
  const small = recipe("small", { kind: "tree" });
  const big = recipe("big", { kind: "fill", params: { bytes: 1 << 20 }, inputs: { small } });
  const lines = await onSmallDisk(
    directory,
    `
      small
      head -c 1200000 /dev/zero >"$0/ballast"
      big
      ls -A "$0/store/.tmp"
      small
      verify
      cat /dev/zero >"$0/rest" 2>/dev/null
      big
      gc
      rm "$0/ballast" "$0/rest"
      big
      verify
    `,
    {
      small: childCommand(store, small),
      big: childCommand(store, big),
      verify: maintainCommand("verify", store),
      gc: maintainCommand("gc", store),
    },
  );
  const path = (name: string) => new RegExp(`^${store}/[0-9a-z]{32}-${name}$`);
  const full = new RegExp(`^no-space: Cannot write below "${store}": no space left`);
  const expected = [
    path("small"),
    full,
    path("small"),
    /^intact$/,
    full,
    /^removed 1$/,
    path("big"),
    /^intact intact$/,
  ];
  for (const [index, pattern] of expected.entries())
    assert.match(lines[index] ?? "", pattern, lines.join("\n"));
  assert.equal(lines.length, expected.length, lines.join("\n"));
});

test("a store on a read-only file system is used, and a build in it is refused", {
  skip,
}, async (context) => {
  const directory = temporaryDirectory(context);
  const store = `${directory}/store`;
  const [there, missing] = [recipe("there", { kind: "tree" }), recipe("missing")];
  const lines = await onSmallDisk(
    directory,
    `
      there
      mount -o remount,ro "$0"
      there
      missing
      gc
      verify
    `,
    {
      there: childCommand(store, there),
      missing: childCommand(store, missing),
      verify: maintainCommand("verify", store),
      gc: maintainCommand("gc", store),
    },
  );
  const path = new RegExp(`^${store}/[0-9a-z]{32}-there$`);
  const refused = new RegExp(`^permission-denied: Cannot write to the store "${store}": EROFS`);
  const expected = [path, path, refused, refused, /^intact$/];
  for (const [index, pattern] of expected.entries())
    assert.match(lines[index] ?? "", pattern, lines.join("\n"));
});
