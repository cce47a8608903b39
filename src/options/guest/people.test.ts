import assert from "node:assert/strict";
import { test } from "node:test";
import { withFile } from "../../module-system/index.ts";
import { guest, guestConfig } from "../testing/evaluate.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
const faultsOf = (config: any) => guest(() => ({ imports: [withFile("web.ts", { config })] })).faults;

test("two users with one id are named with their files", () => {
  const users = { alice: { isNormalUser: true, uid: 1000 }, bob: { isNormalUser: true, uid: 1000 } };
  assert.deepEqual(faultsOf({ users: { users } }), [
    '"users.users.alice" and "users.users.bob" have the same uid 1000, in "web.ts"',
  ]);
  const groups = { a: { gid: 7 }, b: { gid: 7 } };
  assert.deepEqual(faultsOf({ users: { groups } }), [
    '"users.groups.a" and "users.groups.b" have the same gid 7, in "web.ts"',
  ]);
});

test("a secret where a credential's name belongs is refused, and not shown", () => {
  for (const hashedPasswordFile of ["$6$salt$hash", "/run/secrets/alice", "hunter2 hunter2"]) {
    assert.deepEqual(faultsOf({ users: { users: { alice: { isNormalUser: true, hashedPasswordFile } } } }), [
      '"users.users.alice.hashedPasswordFile" is no name of a credential: it takes a name of "microvm.credentialFiles", neither the secret itself nor its path, in "web.ts"',
    ]);
  }
});

test("a credential must be declared, by a name that systemd and QEMU take", () => {
  const users = { users: { alice: { isNormalUser: true, hashedPasswordFile: "alice" } } };
  assert.deepEqual(faultsOf({ users }), [
    '"users.users.alice.hashedPasswordFile" names the credential "alice", which "microvm.credentialFiles" does not have, in "web.ts"',
  ]);
  assert.deepEqual(faultsOf({ users, microvm: { credentialFiles: { alice: "/run/secrets/alice" } } }), []);
  for (const name of ["../x", "a".repeat(29), "a b"]) {
    assert.deepEqual(faultsOf({ microvm: { credentialFiles: { [name]: "/x" } } }), [
      `"microvm.credentialFiles" has "${name}", which is no name of a credential: at most 28 letters, digits, dots, dashes and underscores, in "web.ts"`,
    ]);
  }
});

test("a password in clear is warned of", () => {
  const users = {
    alice: { isNormalUser: true, password: "x" },
    bob: { isNormalUser: true, initialPassword: "y" },
  };
  const text = (option: string) =>
    `"${option}" is a password in clear, which everyone can read who can read the project: use "hashedPasswordFile" with a credential`;
  assert.deepEqual(guest({ users: { users } }).warnings, [
    text("users.users.alice.password"),
    text("users.users.bob.initialPassword"),
  ]);
});

test("a time zone that nobody knows is refused", () => {
  const wrong = (zone: string) =>
    `The option "time.timeZone" must be of type "null or time zone, such as "Europe/Berlin"", but is "${zone}" in "web.ts"`;
  for (const zone of ["Europe/Bärlin", "Mars/Base", "+01"]) {
    assert.deepEqual(faultsOf({ time: { timeZone: zone } }), [wrong(zone)]);
  }
  assert.deepEqual(guestConfig({ time: { timeZone: "Europe/Berlin" } }).environment.servicePackages, [
    "tzdata",
  ]);
});

test("sudo's rules are lines of sudoers", () => {
  const { environment, users } = guestConfig({
    security: {
      sudo: {
        enable: true,
        extraRules: [
          {
            users: ["alice"],
            groups: ["ops"],
            commands: [{ command: "/usr/bin/id", options: ["NOPASSWD", "NOEXEC"] }, "/bin/ls"],
          },
        ],
        extraConfig: "Defaults lecture=never",
      },
    },
  });
  assert.equal(
    environment.etc["sudoers.d/microvm"]!.text,
    `%sudo ALL=(ALL:ALL) ALL
%wheel ALL=(ALL:ALL) ALL
alice ALL=(ALL:ALL) NOPASSWD: NOEXEC: /usr/bin/id, /bin/ls
%ops ALL=(ALL:ALL) NOPASSWD: NOEXEC: /usr/bin/id, /bin/ls
Defaults lecture=never
`,
  );
  assert.equal(environment.etc["sudoers.d/microvm"]!.mode, "0440");
  assert.ok("wheel" in users.groups);
});

test("rules of tmpfiles are written as they are, settings as lines", () => {
  const { environment } = guestConfig({
    systemd: {
      tmpfiles: {
        rules: ["d /run/a"],
        settings: {
          web: { "/srv/a b%": { d: { mode: "0750", user: "alice" }, f: { argument: "%H text" } } },
        },
      },
    },
  });
  assert.equal(environment.etc["tmpfiles.d/00-microvm.conf"]!.text, "# systemd.tmpfiles.rules\nd /run/a\n");
  assert.equal(
    environment.etc["tmpfiles.d/web.conf"]!.text,
    '# systemd.tmpfiles.settings."web"\nd "/srv/a b%%" 0750 alice - -\nf "/srv/a b%%" - - - - %H text\n',
  );
});
