/** Git repositories in temporary directories, for tests. */
import { spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "../../../os/testing/temporary-directory.ts";

/** Nothing of who runs the test counts. */
const ENVIRONMENT = {
  PATH: process.env.PATH,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.org",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.org",
  GIT_AUTHOR_DATE: "1790000000 +0000",
  GIT_COMMITTER_DATE: "1790000000 +0000",
};

/** A repository with a work tree. */
export interface TestRepository {
  /** Absolute, without links. */
  readonly path: string;
  /** Its reference. */
  readonly reference: string;
  /** Runs git in it; gives its output without the last line's end. */
  git(...args: string[]): string;
  /** Writes files and commits everything; gives the commit's hash. */
  commit(files: Readonly<Record<string, string>>): string;
  write(files: Readonly<Record<string, string>>): void;
}

/** An empty repository that ends with the test; its branch is `main`. */
export function repository(t: TestContext, ...init: string[]): TestRepository {
  const path = join(realpathSync(temporaryDirectory(t)), "repository");
  const git = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("git", args, {
      cwd: path,
      env: ENVIRONMENT,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trimEnd();
  };
  const write = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
  };
  mkdirSync(path);
  git("init", "--quiet", "--initial-branch=main", ...init);
  const commit = (files: Readonly<Record<string, string>>) => {
    write(files);
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message=change");
    return git("rev-parse", "HEAD");
  };
  return { path, reference: `git+file://${path}`, git, commit, write };
}
