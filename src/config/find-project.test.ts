import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findProject as find, type ProjectLocation } from "./find-project.ts";
import { parseReference } from "./references/reference.ts";

const directory = realpathSync(mkdtempSync(join(tmpdir(), "find-project-")));
const findProject = (text: string, from?: string) => find(parseReference(text) as { path: string }, from);
after(() => rmSync(directory, { recursive: true }));

test("a directory without a project file is an error that says what to do", () => {
  assert.throws(() => findProject(directory), {
    code: "config-not-found",
    message: `There is no microvm.config.ts in "${directory}"`,
    hint: 'Run "microvm init" to write one, or name another directory',
  });
});

test("a place that does not exist is an error", () => {
  assert.throws(() => findProject("missing#web", directory), {
    code: "config-not-found",
    message: `There is no project at "${directory}/missing": no such file or directory`,
  });
});

test("a directory or its file names the project, and #name one of its VMs", () => {
  const file = join(directory, "microvm.config.ts");
  writeFileSync(file, "");
  const location: ProjectLocation = { file, directory, root: directory, self: `path:${directory}` };
  assert.deepEqual(findProject(".", directory), location);
  assert.deepEqual(findProject("", directory), location);
  assert.deepEqual(findProject(".#web", directory), { ...location, name: "web" });
  assert.deepEqual(findProject(`${file}#web`), { ...location, name: "web" });
  assert.deepEqual(findProject(`path:${directory}#web`), { ...location, name: "web" });
});

test("?dir= names a directory of a tree whose other files the project may read", () => {
  const inner = join(directory, "hosts/a b");
  mkdirSync(inner, { recursive: true });
  const file = join(inner, "microvm.config.ts");
  writeFileSync(file, "");
  assert.deepEqual(findProject("path:.?dir=hosts/a%20b", directory), {
    ...{ file, directory: inner, root: directory },
    self: `path:${directory}?dir=hosts/a%20b`,
  });
});
