/** Projects in temporary directories, for tests. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { MicrovmError } from "../../errors.ts";

/** Texts by path. */
export type Files = { readonly [path: string]: string };

/** Writes a project into a directory of its own, which is gone after the test. */
export function project(t: TestContext, files: Files): string {
  const directory = join(realpathSync(mkdtempSync(join(tmpdir(), "project-"))), "demo");
  t.after(() => rmSync(dirname(directory), { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return join(directory, "microvm.config.ts");
}

/** The text of a project with one VM, `web`, of this configuration. */
export const vm = (config: string) => `export default { microvms: { web: { config: ${config} } } };`;

/** Code and message of the error that a project gives, its directory written as DIR. */
export async function faultOf(
  t: TestContext,
  files: string | Files,
  evaluate: (file: string) => unknown,
): Promise<[string, string]> {
  const file = project(t, typeof files === "string" ? { "microvm.config.ts": files } : files);
  try {
    await evaluate(file);
  } catch (error) {
    const { code, message } = error as MicrovmError;
    return [code, message.replaceAll(dirname(file), "DIR")];
  }
  throw new Error("The project has no fault");
}
