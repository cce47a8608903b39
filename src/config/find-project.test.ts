import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findProjectFile } from "./find-project.ts";

const directory = realpathSync(mkdtempSync(join(tmpdir(), "find-project-")));
after(() => rmSync(directory, { recursive: true }));

test("a directory without a project file is an error that says what to do", () => {
  assert.throws(() => findProjectFile(directory), {
    code: "config-not-found",
    message: `There is no microvm.config.ts in "${directory}"`,
    hint: 'Run "microvm init" to write one, or name another directory',
  });
});

test("a place that does not exist is an error", () => {
  assert.throws(() => findProjectFile("missing#web", directory), {
    code: "config-not-found",
    message: `There is no project at "${directory}/missing": no such file or directory`,
  });
});

test("a directory or its file names the project, and #name one of its VMs", () => {
  const file = join(directory, "microvm.config.ts");
  writeFileSync(file, "");
  assert.deepEqual(findProjectFile(".", directory), { file, directory });
  assert.deepEqual(findProjectFile("", directory), { file, directory });
  assert.deepEqual(findProjectFile(".#web", directory), { file, directory, name: "web" });
  assert.deepEqual(findProjectFile(`${file}#web`), { file, directory, name: "web" });
});
