/** What commands in a guest print, asserted for many at once: a boot takes long. */
import assert from "node:assert/strict";
import { microvm } from "./support.ts";

/** Each line is a name and a command; the test asserts what the command prints. */
export type Checks = Readonly<Record<string, readonly [command: string, expected: RegExp]>>;

/** Boots the guest of a project, runs every command, and gives what each printed. All that is wrong is said at once. */
export async function assertChecks(directory: string, checks: Checks): Promise<Record<string, string>> {
  const script = Object.entries(checks)
    .map(([name, [command]]) => `echo "== ${name}"\n{ ${command}\n} 2>&1`)
    .join("\n");
  const { stdout, stderr, code } = await microvm(["run", directory, "--timeout", "400", "--exec", script]);
  assert.equal(code, 0, `${stderr}\n${stdout}`);
  const answers = Object.fromEntries(
    stdout
      .split(/^== /m)
      .slice(1)
      .map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1).trimEnd()]),
  );
  const wrong = Object.entries(checks).filter(([name, [, expected]]) => !expected.test(answers[name] ?? ""));
  assert.deepEqual(
    wrong.map(([name, [, expected]]) => [name, answers[name], String(expected)]),
    [],
  );
  return answers;
}
