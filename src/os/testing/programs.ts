/** Programs of this machine that tests make use of when they are there. */
import { spawnSync } from "node:child_process";

/** A reason to skip when a program is missing; false when it is there. */
export function missing(program: string): string | false {
  return spawnSync("sh", ["-c", 'command -v "$0"', program]).status === 0
    ? false
    : `"${program}" is not installed`;
}

/** What `sh -n` says against a script; empty for a good one. */
export function syntaxFaults(script: string): string {
  const { stderr } = spawnSync("sh", ["-n"], { input: script, encoding: "utf8" });
  return stderr;
}

/** What shellcheck says against a script in POSIX shell; empty for a good one. */
export function lint(script: string): string {
  const { stdout, stderr } = spawnSync("shellcheck", ["--shell=sh", "--format=gcc", "-"], {
    input: script,
    encoding: "utf8",
  });
  return stdout + stderr;
}
