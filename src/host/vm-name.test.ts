import assert from "node:assert/strict";
import { test } from "node:test";
import { checkVmName } from "./vm-name.ts";

test("a name that could be taken for a path, a unit or an option is refused, and says why", () => {
  for (const name of ["web", "a", "web-1", "db_2", "a.b", "A".repeat(63)]) checkVmName(name);
  const cases: readonly (readonly [string, string])[] = [
    ["", "it is empty"],
    ["a/b", 'it has a "/"'],
    ["/etc", 'it has a "/"'],
    ["..", "it begins or ends with a mark"],
    ["../web", 'it has a "/"'],
    [".run", "it begins or ends with a mark"],
    ["-rf", "it begins or ends with a mark"],
    ["my vm", "it has a space"],
    ["web\\x2dserver", 'it has a "\\\\"'],
    ["web@1", 'it has a "@"'],
    ["web%i", 'it has a "%"'],
    ["web\n", 'it has a "\\n"'],
  ];
  for (const [name, why] of cases) {
    assert.throws(() => checkVmName(name), {
      code: "bad-usage",
      message: `"${name}" cannot be a VM's name: ${why}`,
      hint: 'A name has letters, digits, ".", "_" and "-", begins and ends with a letter or digit, and has at most 63 characters',
    });
  }
  assert.throws(() => checkVmName("a".repeat(200)), {
    message: `"${"a".repeat(40)}…" cannot be a VM's name: it has 200 characters`,
  });
});
