import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { missing } from "../os/testing/programs.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { type AccountFiles, mergeAccounts, type User } from "./accounts.ts";
import { sysusersText } from "./sysusers.ts";

const FILES: AccountFiles = {
  passwd: "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n",
  shadow: "root:*:1::::::\nwww-data:!:1::::::\n",
  group: "root:x:0:\nadm:x:4:\nwww-data:x:33:\nusers:x:100:\n",
  gshadow: "root:*::\nadm:*::\nwww-data:*::\nusers:*::\n",
};
const NOTHING = { group: null, home: null, shell: null, description: "", extraGroups: [], system: true };
const user = (name: string, uid: number | null, fields: Partial<User> = {}): User => ({
  ...NOTHING,
  hashedPassword: "a-hash",
  name,
  uid,
  ...fields,
});

const USERS = [
  user("root", 0, { group: "root" }),
  user("web", null, { description: 'The "web", 100%', extraGroups: ["adm"] }),
  user("alice", 1234, { system: false }),
  user("job", null, { group: "team" }),
];
const GROUPS = [
  { name: "team", gid: 777, members: ["alice"] },
  { name: "empty", gid: null, members: [] },
];
const MERGED = mergeAccounts(FILES, USERS, GROUPS);
const TEXT = `# systemd.sysusers.enable
g adm 4
g users 100
g team 777
g empty 999
g web 998
u web 999:998 "The \\"web\\", 100%%" "/nonexistent" "/usr/sbin/nologin"
u alice 1234:100 "" "/home/alice" "/bin/bash"
u job 998:777 "" "/nonexistent" "/usr/sbin/nologin"
m web adm
m alice team
`;

test("declared accounts are written with the ids that they have, without passwords", () => {
  assert.equal(sysusersText(MERGED, USERS, GROUPS), TEXT);
  assert.equal(sysusersText(FILES, [user("root", 0)], []), "# systemd.sysusers.enable\n");
});

test("systemd-sysusers makes of it what a kept file lacks", { skip: missing("systemd-sysusers") }, (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "etc"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, "etc", name), text);
  execFileSync("systemd-sysusers", [`--root=${root}`, "-"], { input: TEXT, stdio: ["pipe", "pipe", "pipe"] });
  const made = (name: "passwd" | "group") =>
    readFileSync(join(root, "etc", name), "utf8")
      .trim()
      .split("\n")
      .sort();
  assert.deepEqual(made("passwd"), MERGED.passwd.trim().split("\n").sort());
  assert.deepEqual(made("group"), MERGED.group.trim().split("\n").sort());
});
