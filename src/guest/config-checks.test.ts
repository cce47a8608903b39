import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import type { User } from "./accounts.ts";
import { checkShells, checkTimeZone } from "./config-checks.ts";

/** Two layers: the lower has `/bin` as a link, a shell, and a link in a circle; the upper links to the lower's shell. */
function layers(t: TestContext): string[] {
  const directory = temporaryDirectory(t);
  const [upper, lower] = [join(directory, "upper"), join(directory, "lower")];
  mkdirSync(join(upper, "usr/bin"), { recursive: true });
  mkdirSync(join(lower, "usr/bin"), { recursive: true });
  mkdirSync(join(lower, "usr/share/zoneinfo"), { recursive: true });
  symlinkSync("usr/bin", join(lower, "bin"));
  writeFileSync(join(lower, "usr/bin/dash"), "");
  writeFileSync(join(lower, "usr/share/zoneinfo/UTC"), "");
  symlinkSync("loop", join(lower, "usr/bin/loop"));
  symlinkSync("/bin/../bin/./dash", join(upper, "usr/bin/sh"));
  return [upper, lower];
}

const alice = (shell: string | null): User[] => [
  {
    name: "alice",
    uid: null,
    group: null,
    description: "",
    home: null,
    shell,
    hashedPassword: null,
    extraGroups: [],
    system: false,
    definedIn: ["web.ts"],
  },
];

test("a shell is looked for in all layers, through links", (t) => {
  const stack = layers(t);
  for (const shell of [null, "/bin/sh", "/usr/bin/sh", "/bin/dash"]) checkShells(alice(shell), stack);
});

test("a user without a shell is named", (t) => {
  const stack = layers(t);
  for (const shell of ["/usr/bin/zsh", "/bin/loop", "/bin/dash/x"]) {
    assert.throws(() => checkShells(alice(shell), stack), {
      code: "config-invalid",
      message: `"users.users.alice.shell" is "${shell}", which the guest does not have, in "web.ts"`,
      hint: 'Add its package to "environment.packages", or set "users.defaultUserShell" or the user\'s shell to another one',
    });
  }
});

test("a time zone that the guest's tzdata lacks is named", (t) => {
  const stack = layers(t);
  const zone = (name: string) =>
    [{ path: "etc/localtime", type: "symlink", target: `/usr/share/zoneinfo/${name}` }] as const;
  checkTimeZone(zone("UTC"), stack);
  checkTimeZone([], stack);
  assert.throws(() => checkTimeZone(zone("US/Eastern"), stack), {
    code: "config-invalid",
    message: '"time.timeZone" is "US/Eastern", which the guest\'s tzdata does not have',
    hint: 'Choose another name of it, or add "tzdata-legacy" to "environment.packages"',
  });
});
