/** A place for one test's files. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { removeTree } from "../files.ts";

/** An empty directory that ends with the test. */
export function temporaryDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "microvm-test-"));
  test.after(() => removeTree(directory));
  return directory;
}
