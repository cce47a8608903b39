/** A store and a VM's directory in which tests run a runner's scripts with programs that only tell how they were called. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";

/** Prints its arguments, each ended by a zero byte. */
export const PRINT_ARGUMENTS = "printf '%s\\0' \"$@\"";

/** What a script did. */
interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The standard output of `PRINT_ARGUMENTS`. */
  readonly args: readonly string[];
}

/** Places whose names are as unpleasant as they may be. */
export function workplace(test: TestContext) {
  const directory = temporaryDirectory(test);
  const store = join(directory, "a store, 'here'");
  const vm = join(directory, "the vm's, directory");
  const programs = join(directory, "bin");
  for (const path of [store, vm, programs]) mkdirSync(path);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  };
  const environment = (more: NodeJS.ProcessEnv = {}) => ({
    PATH: [programs, process.env.PATH].join(delimiter),
    MICROVM_ACCEL: "tcg",
    ...more,
  });
  return {
    store,
    vm,
    environment,
    read: (name: string) => readFileSync(join(vm, name), "utf8"),
    /** A program on the PATH, in POSIX shell. */
    program: (name: string, body: string) => write(join(programs, name), `#!/bin/sh\n${body}\n`),
    /** A program in the store. */
    storeProgram: (path: string, body: string) => write(join(store, path), `#!/bin/sh\n${body}\n`),
    /** Puts a script of a runner in its place. */
    script: (name: string, text: string) => write(join(store, "hash-runner/bin", name), text),
    run(script: string, more: NodeJS.ProcessEnv = {}): Outcome {
      const { status, stdout, stderr } = spawnSync(script, {
        cwd: vm,
        env: environment(more),
        encoding: "utf8",
      });
      return { status, stdout, stderr, args: stdout.split("\0").slice(0, -1) };
    },
  };
}
