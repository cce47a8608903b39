import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as paths from "./paths.ts";

test("the page of what is on disk mentions every name", () => {
  const page = readFileSync(new URL("../docs/on-disk.md", import.meta.url), "utf8");
  const names = Object.values(paths).flatMap((value) =>
    typeof value === "function" ? [] : typeof value === "string" ? [value] : Object.values(value),
  );
  const places = [paths.storeDirectory({}, 0), paths.stateDirectory({}, 0)];
  const variables = [
    "MICROVM_STORE",
    "MICROVM_STATE_DIR",
    "$XDG_DATA_HOME/microvm",
    "$XDG_STATE_HOME/microvm",
  ];
  const missing = [...names, ...places, ...variables].filter((name) => !page.includes(name));
  assert.deepEqual(missing, []);
});

test("directories are the person's choice, else root's, else the user's", () => {
  const chosen = { MICROVM_STORE: "/a", MICROVM_STATE_DIR: "/b", XDG_DATA_HOME: "/c", XDG_STATE_HOME: "/d" };
  const { MICROVM_STORE: _store, MICROVM_STATE_DIR: _state, ...xdg } = chosen;
  const of = (environment: Record<string, string>, uid: number) => [
    paths.storeDirectory(environment, uid),
    paths.stateDirectory(environment, uid),
  ];
  assert.deepEqual(of(chosen, 0), ["/a", "/b"]);
  assert.deepEqual(of(chosen, 1000), ["/a", "/b"]);
  assert.deepEqual(of(xdg, 0), ["/var/lib/microvm/store", "/var/lib/microvms"]);
  assert.deepEqual(of(xdg, 1000), ["/c/microvm/store", "/d/microvm"]);
  assert.deepEqual(of({ MICROVM_STORE: "", XDG_DATA_HOME: "" }, 1000), [
    join(homedir(), ".local/share/microvm/store"),
    join(homedir(), ".local/state/microvm"),
  ]);
});
