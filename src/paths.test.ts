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
  const places = [paths.storeDirectory({}, 0), paths.stateDirectory({}, 0), paths.configDirectory({}, 0)];
  const variables = [
    "MICROVM_STORE",
    "MICROVM_STATE_DIR",
    "MICROVM_CONFIG_DIR",
    "$XDG_CONFIG_HOME/microvm",
    "$XDG_DATA_HOME/microvm",
    "$XDG_STATE_HOME/microvm",
    "$XDG_CACHE_HOME/microvm",
  ];
  const missing = [...names, ...places, ...variables].filter((name) => !page.includes(name));
  assert.deepEqual(missing, []);
});

test("directories are the person's choice, else root's, else the user's", () => {
  const chosen = { MICROVM_STORE: "/a", MICROVM_STATE_DIR: "/b", MICROVM_CONFIG_DIR: "/e" };
  const xdg = { XDG_DATA_HOME: "/c", XDG_STATE_HOME: "/d", XDG_CONFIG_HOME: "/f" };
  const of = (environment: Record<string, string>, uid: number) => [
    paths.storeDirectory(environment, uid),
    paths.stateDirectory(environment, uid),
    paths.configDirectory(environment, uid),
  ];
  assert.deepEqual(of({ ...xdg, ...chosen }, 0), ["/a", "/b", "/e"]);
  assert.deepEqual(of({ ...xdg, ...chosen }, 1000), ["/a", "/b", "/e"]);
  assert.deepEqual(of(xdg, 0), ["/var/lib/microvm/store", "/var/lib/microvms", "/etc/microvm"]);
  assert.deepEqual(of(xdg, 1000), ["/c/microvm/store", "/d/microvm", "/f/microvm"]);
  assert.deepEqual(of({ MICROVM_STORE: "", XDG_DATA_HOME: "" }, 1000), [
    join(homedir(), ".local/share/microvm/store"),
    join(homedir(), ".local/state/microvm"),
    join(homedir(), ".config/microvm"),
  ]);
});
