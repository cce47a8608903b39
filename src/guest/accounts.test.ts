import assert from "node:assert/strict";
import { test } from "node:test";
import { type AccountFiles, mergeAccounts, type User } from "./accounts.ts";

const FILES: AccountFiles = {
  passwd: "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n",
  shadow: "root:*:20000:0:99999:7:::\nwww-data:!:20000:0:99999:7:::\n",
  group: "root:x:0:\nsudo:x:27:\nwww-data:x:33:\nusers:x:100:\n",
  gshadow: "root:*::\nsudo:*::\nwww-data:*::\nusers:*::\n",
};

const user = (name: string, fields: Partial<User> = {}): User => ({
  name,
  uid: null,
  group: null,
  description: "",
  home: null,
  shell: null,
  hashedPassword: null,
  extraGroups: [],
  system: false,
  ...fields,
});

/** The lines that the merge changed or added. */
function changes(
  users: readonly User[],
  groups: Parameters<typeof mergeAccounts>[2] = [],
): Record<string, string[]> {
  const merged = mergeAccounts(FILES, users, groups);
  const added = (name: keyof AccountFiles) => {
    const before = FILES[name].split("\n");
    return merged[name].split("\n").filter((line) => !before.includes(line));
  };
  return {
    passwd: added("passwd"),
    shadow: added("shadow"),
    group: added("group"),
    gshadow: added("gshadow"),
  };
}

test("a new person gets the first free id, the group of people, a home and a locked password", () => {
  assert.deepEqual(changes([user("alice", { description: "Alice" })]), {
    passwd: ["alice:x:1000:100:Alice:/home/alice:/bin/bash"],
    shadow: ["alice:!:1:0:99999:7:::"],
    group: [],
    gshadow: [],
  });
});

test("a service's account gets the last free id, a group of its own and no shell", () => {
  assert.deepEqual(changes([user("web", { system: true }), user("db", { system: true })]), {
    passwd: ["web:x:999:999::/nonexistent:/usr/sbin/nologin", "db:x:998:998::/nonexistent:/usr/sbin/nologin"],
    shadow: ["web:!:1:0:99999:7:::", "db:!:1:0:99999:7:::"],
    group: ["web:x:999:", "db:x:998:"],
    gshadow: ["web:!::", "db:!::"],
  });
});

test("an account of the packages keeps what is not declared", () => {
  assert.deepEqual(changes([user("www-data", { system: true })]), {
    passwd: [],
    shadow: [],
    group: [],
    gshadow: [],
  });
});

test("an account of the packages takes over what is declared", () => {
  const declared = { system: true, uid: 34, home: "/srv", shell: "/bin/sh", hashedPassword: "" };
  assert.deepEqual(changes([user("www-data", declared)]), {
    passwd: ["www-data:x:34:33:www-data:/srv:/bin/sh"],
    shadow: ["www-data::20000:0:99999:7:::"],
    group: [],
    gshadow: [],
  });
});

test("extra groups are joined once", () => {
  const alice = user("alice", { extraGroups: ["sudo", "sudo"] });
  const { group, gshadow } = changes([alice], [{ name: "sudo", gid: null, members: ["alice", "bob"] }]);
  assert.deepEqual(group, ["sudo:x:27:alice,bob"]);
  assert.deepEqual(gshadow, ["sudo:*::alice,bob"]);
});

test("a group that nobody has is named with its option, and those that there are", () => {
  const hint = (name: string) =>
    `Declare it as "users.groups.${name}", or choose one of "root", "sudo", "www-data", "users"`;
  assert.throws(() => changes([user("alice", { extraGroups: ["weel"] })]), {
    code: "config-invalid",
    message: '"users.users.alice.extraGroups" has the group "weel", which the guest does not have',
    hint: hint("weel"),
  });
  assert.throws(() => changes([user("alice", { group: "staf", definedIn: ["web.ts", "b.ts"] })]), {
    message:
      '"users.users.alice.group" has the group "staf", which the guest does not have, in "web.ts" and "b.ts"',
    hint: hint("staf"),
  });
});

test("a user may have a group of its own name that is declared nowhere", () => {
  const { passwd, group } = changes([user("alice", { group: "alice" })]);
  assert.deepEqual(passwd, ["alice:x:1000:1000::/home/alice:/bin/bash"]);
  assert.deepEqual(group, ["alice:x:1000:"]);
});

test("an id that an account of the packages has is refused to another one", () => {
  assert.throws(() => changes([user("alice", { uid: 33, definedIn: ["web.ts"] })]), {
    code: "config-invalid",
    message: '"users.users.alice.uid" is 33, which the user "www-data" has, in "web.ts"',
    hint: "Choose another id; people have those from 1000 on",
  });
});

test("ids that are declared are used, and not given to anyone else", () => {
  const { passwd, group } = changes(
    [user("first"), user("second", { uid: 1000, group: "team" }), user("third", { system: true })],
    [
      { name: "auto", gid: null, members: [] },
      { name: "team", gid: 999, members: [] },
      { name: "users", gid: 101, members: [] },
    ],
  );
  assert.deepEqual(passwd, [
    "first:x:1001:101::/home/first:/bin/bash",
    "second:x:1000:999::/home/second:/bin/bash",
    "third:x:999:997::/nonexistent:/usr/sbin/nologin",
  ]);
  assert.deepEqual(group, ["users:x:101:", "auto:x:998:", "team:x:999:", "third:x:997:"]);
});

test("the same input gives the same files", () => {
  const input = [user("alice"), user("web", { system: true })];
  assert.deepEqual(mergeAccounts(FILES, input, []), mergeAccounts(FILES, structuredClone(input), []));
});

test("merging again changes nothing", () => {
  const input = [user("alice", { extraGroups: ["sudo"] }), user("web", { system: true })];
  const once = mergeAccounts(FILES, input, []);
  assert.deepEqual(mergeAccounts(once, input, []), once);
});

test("that no id is left is said", () => {
  const taken = Array.from({ length: 900 }, (_, index) => `u${index}:x:${index + 100}:0:::\n`).join("");
  const full = { ...FILES, passwd: FILES.passwd + taken };
  assert.throws(() => mergeAccounts(full, [user("web", { system: true })], []), {
    code: "config-invalid",
    message: "No system user or group id is left",
  });
});
