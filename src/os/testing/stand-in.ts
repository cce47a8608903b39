/** Programs that tests put in the place of others. */
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Until the test ends a program of this name is this shell script, in which `real` is the program itself. */
export function standIn(test: TestContext, name: string, script: string): void {
  const directory = temporaryDirectory(test);
  const path = process.env.PATH ?? "";
  const real = `real() { PATH='${path}' command ${name} "$@"; }`;
  writeFileSync(join(directory, name), `#!/bin/sh\n${real}\n${script}\n`, { mode: 0o755 });
  process.env.PATH = `${directory}${delimiter}${path}`;
  test.after(() => {
    process.env.PATH = path;
  });
}
