/** The program, and projects for it, as tests of commands run them. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "../../os/processes.ts";

/** The program's file: as it is in the package where all tests are run, from its sources where some are. */
export const PROGRAM =
  process.env.MICROVM_TEST_PROGRAM ?? fileURLToPath(new URL("../../../bin/microvm.js", import.meta.url));

/** Runs the program, by default in a directory that is no project. */
export async function microvm(
  args: readonly string[],
  {
    node = process.execPath,
    cwd = import.meta.dirname,
    env: changes = {},
  }: {
    readonly node?: string;
    readonly cwd?: string;
    /** On top of this process's environment. */
    readonly env?: Readonly<Record<string, string>>;
  } = {},
) {
  // A relative place of the compiler's cache would be another one in each directory.
  const { NODE_COMPILE_CACHE: cache, ...env } = process.env;
  const { code, stdout, stderr } = await runToEnd([node, PROGRAM, ...args], {
    cwd,
    env: { ...env, ...(cache && { NODE_COMPILE_CACHE: resolve(cache) }), ...changes },
  });
  return { status: code, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** A project of these files; it is gone after `using` it. */
export function temporaryProject(
  files: Readonly<Record<string, string>>,
): Disposable & { readonly path: string } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "project-")));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}
