/** A store for one test, and processes that use it. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";
import type { Recipe } from "../recipe.ts";
import { openStore, type Store } from "../store.ts";

export { temporaryDirectory };

/** A store in a directory of its own. */
export function temporaryStore(test: TestContext): Store {
  return openStore(join(temporaryDirectory(test), "store"));
}

/** Unfinished work in a store; empty after each run. */
export function leftovers(store: Store): string[] {
  return readdirSync(join(store.directory, ".tmp"));
}

/** The command that realises a recipe in a process of its own. */
export function childCommand(directory: string, recipe: Recipe): [string, ...string[]] {
  const program = fileURLToPath(new URL("./child.ts", import.meta.url));
  return [process.execPath, program, directory, JSON.stringify(recipe)];
}

/** The command that verifies or collects a store in a process of its own. */
export function maintainCommand(what: "verify" | "gc", directory: string): [string, ...string[]] {
  return [process.execPath, fileURLToPath(new URL("./maintain.ts", import.meta.url)), what, directory];
}

/** Starts a command; `output` is its standard output, once it ended. */
export function start([program, ...args]: [string, ...string[]], options: SpawnOptions = {}) {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "inherit"] }) as ChildProcess & {
    stdout: NodeJS.ReadableStream;
  };
  return { child, output: () => text(child.stdout) };
}
