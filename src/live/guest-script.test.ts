/** The script against a root of its own and a `systemctl` that writes down what it is told. */
import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { mkdtempSync, rmSync, symlinkSync } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { lint, missing, syntaxFaults } from "../os/testing/programs.ts";
import type { Accounts } from "./account-changes.ts";
import { writeBundle } from "./bundle.ts";
import { CHANGE_SCRIPT, CHECK_PROGRAM } from "./guest-script.ts";
import { type LayerTree, pathChanges } from "./layer-tree.ts";
import { planChange } from "./plan-change.ts";
import { accounts, file, layer, link } from "./testing/layers.ts";

test("the script is POSIX shell", () => assert.equal(syntaxFaults(CHANGE_SCRIPT), ""));
test("the script passes shellcheck", { skip: missing("shellcheck") }, () =>
  assert.equal(lint(CHANGE_SCRIPT), ""),
);

/** Units that are in `$STATE/active` run, and a target wants them, but `lone.service`; starting one that is in `$STATE/broken` fails. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >>"$STATE/calls"
verb=$1
shift
units=''
for word in "$@"; do case $word in -*) ;; *.service | *.socket | *.target) units="$units $word" ;; esac; done
case $verb in
  show)
    for unit in $units; do
      if [ -e "$STATE/active/$unit" ]; then state=active; else state=inactive; fi
      if [ "$unit" = lone.service ]; then by=''; else by=multi-user.target; fi
      printf 'Id=%s\\nActiveState=%s\\nWantedBy=%s\\nTriggeredBy=\\n\\n' "$unit" "$state" "$by"
    done ;;
  is-active) for unit in $units; do [ -e "$STATE/active/$unit" ] || exit 3; done ;;
  is-failed) for unit in $units; do [ -e "$STATE/broken/$unit" ] || exit 1; done ;;
  list-units) case $* in *failed*) ls "$STATE/failed" ;; esac ;;
  stop) for unit in $units; do rm -f "$STATE/active/$unit"; done ;;
  start | restart | reload-or-restart)
    for unit in $units; do
      [ ! -e "$STATE/broken/$unit" ] || { echo "Job for $unit failed"; exit 1; }
      touch "$STATE/active/$unit"
    done ;;
esac
`;

type Next = Readonly<Record<string, Parameters<typeof layer>[0][string]>>;

interface Guest {
  readonly root: string;
  readonly state: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes what becomes of the guest, after the bundles before, and gives its directory. */
  bundle(next: Next, nextAccounts?: Accounts): string;
  /** Runs a change and gives the lines of its result. */
  change(next: Next, nextAccounts?: Accounts): Promise<string[]>;
  read(path: string): string;
  calls(): string[];
}

/** A guest that has this layer, with these units running. */
function guest(
  former: LayerTree,
  active: readonly string[],
  formerAccounts: Accounts = accounts([], []),
): Guest {
  const top = mkdtempSync(join(tmpdir(), "microvm-live-"));
  after(() => rmSync(top, { recursive: true, force: true }));
  const [root, state, bin] = ["root", "state", "bin"].map((name) => join(top, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [root, bin, ...["active", "broken", "failed"].map((name) => join(state, name))]) {
    mkdirSync(directory, { recursive: true });
  }
  const program = (name: string, text: string) => {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  };
  program("systemctl", SYSTEMCTL);
  program("journalctl", "#!/bin/sh\necho its last words\n");
  program("sleep", "#!/bin/sh\n");
  for (const unit of ["multi-user.target", ...active]) writeFileSync(join(state, "active", unit), "");
  for (const [path, entry] of former) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (entry.type === "symlink") symlinkSync(entry.target, join(root, path));
    else if (entry.type === "file") writeFileSync(join(root, path), entry.content, { mode: entry.mode });
    else mkdirSync(join(root, path), { recursive: true });
  }
  mkdirSync(join(root, "etc"), { recursive: true });
  for (const [name, text] of Object.entries(formerAccounts)) writeFileSync(join(root, "etc", name), text);
  let count = 0;
  let had = former;
  const env = { PATH: `${bin}:${process.env.PATH}`, STATE: state };
  const bundle: Guest["bundle"] = (next, nextAccounts = formerAccounts) => {
    const directory = join(top, `change-${count++}`);
    mkdirSync(directory);
    const tree = layer(next);
    const { change } = planChange(
      pathChanges(had, tree, () => undefined),
      tree,
      { former: formerAccounts, next: nextAccounts },
    );
    writeBundle(directory, change, `runner-${count}`);
    had = tree;
    return directory;
  };
  return {
    env,
    root,
    state,
    read: (path) => readFileSync(join(root, path), "utf8"),
    calls: () => readFileSync(join(state, "calls"), "utf8").trim().split("\n"),
    bundle,
    change: async (next, nextAccounts) => {
      const directory = bundle(next, nextAccounts);
      const { stderr, code } = await runToEnd(["sh", `${directory}/change.sh`, directory, "run", root], {
        env,
      });
      assert.equal(code, 0, stderr.toString());
      assert.equal(stderr.toString(), "");
      return readFileSync(join(directory, "result"), "utf8").trim().split("\n");
    },
  };
}

const UNITS = "etc/systemd/system";

test("files change and their units with them; the others are left alone", async () => {
  const former = { "etc/a": "1", "etc/gone": "x", "etc/d/e": "x", "etc/l": link("a"), "etc/same": "s" };
  const units = {
    [`${UNITS}/web.service`]: "1",
    [`${UNITS}/old.service`]: "1",
    [`${UNITS}/other.service`]: "1",
  };
  const { change, root, read, calls } = guest(
    layer({ ...former, "etc/d": { type: "directory", mode: 0o755, owner: "0:0" }, ...units }),
    ["web.service", "old.service", "other.service"],
  );
  const result = await change({
    "etc/a": file("2", 0o600),
    "etc/l": link("b"),
    "etc/same": "s",
    "etc/new/deep/f": "n",
    [`${UNITS}/web.service`]: "2",
    [`${UNITS}/other.service`]: "1",
    [`${UNITS}/fresh.service`]: "1",
  });
  assert.deepEqual(result, ["changed"]);
  assert.equal(read("etc/a"), "2");
  assert.equal(lstatSync(join(root, "etc/a")).mode & 0o777, 0o600);
  assert.equal(readlinkSync(join(root, "etc/l")), "b");
  assert.equal(read("etc/new/deep/f"), "n");
  assert.ok(!existsSync(join(root, "etc/gone")) && !existsSync(join(root, "etc/d")));
  const verbs = calls().filter((call) => /^(stop|start|restart|reload|daemon-reload)/.test(call));
  assert.deepEqual(verbs, [
    "stop -- old.service web.service",
    "daemon-reload",
    "start -- web.service fresh.service",
  ]);
});

test("what fails is put back, with what ran", async () => {
  const former = layer({
    "etc/a": "1",
    "etc/b": "b",
    [`${UNITS}/web.service`]: "1",
    [`${UNITS}/old.service`]: "1",
  });
  const { change, state, root, read } = guest(
    former,
    ["web.service", "old.service"],
    accounts(["alice:1000"], []),
  );
  writeFileSync(join(state, "broken/fresh.service"), "");
  const before = accounts(["alice:1000"], []);
  const result = await change(
    { "etc/a": "2", "etc/x/y": "new", [`${UNITS}/web.service`]: "2", [`${UNITS}/fresh.service`]: "1" },
    accounts(["alice:1000", "bob:1001"], []),
  );
  assert.deepEqual(result, ["returned", "reason the unit fresh.service did not start", "log its last words"]);
  assert.equal(read("etc/a"), "1");
  assert.equal(read("etc/b"), "b");
  assert.equal(read(`${UNITS}/web.service`), "1");
  assert.equal(read("etc/passwd"), before.passwd);
  assert.ok(!existsSync(join(root, "etc/x")) && !existsSync(join(root, `${UNITS}/fresh.service`)));
  for (const unit of ["web.service", "old.service"]) assert.ok(existsSync(join(state, "active", unit)), unit);
  assert.ok(!existsSync(join(state, "active/fresh.service")));
});

test("what changes only what it reads is reloaded, and what nothing wants any more is stopped", async () => {
  const reloading = (trigger: number) => `[Service]\nExecStart=/bin/a\nX-Reload-Triggers=${trigger}\n`;
  const want = { [`${UNITS}/gone.target.wants/lone.service`]: link("/usr/lib/systemd/system/lone.service") };
  const { change, calls } = guest(
    layer({ [`${UNITS}/web.service`]: reloading(1), ...want, "etc/nftables.conf": "1" }),
    [...["web.service", "lone.service", "nftables.service"]],
  );
  assert.deepEqual(await change({ [`${UNITS}/web.service`]: reloading(2), "etc/nftables.conf": "2" }), [
    "changed",
  ]);
  const verbs = calls().filter((call) => /^(stop|start|restart|reload|daemon-reload)/.test(call));
  assert.deepEqual(verbs, [
    "daemon-reload",
    "stop -- lone.service",
    "reload-or-restart -- web.service nftables.service",
  ]);
});

test("a check that fails puts everything back", async () => {
  const { change, read } = guest(layer({ "etc/a": "1" }), []);
  const check = file("#!/bin/sh\necho not well\nexit 1\n", 0o755);
  const result = await change({ "etc/a": "2", [CHECK_PROGRAM]: check });
  assert.deepEqual(result, ["returned", "reason microvm.liveChange.check failed: not well"]);
  assert.equal(read("etc/a"), "1");
});

test("what the guest changed itself is kept beside, and told of", async () => {
  const { change, root, read } = guest(layer({ "etc/a": "1", "etc/b": "1", "etc/c": "1" }), []);
  for (const name of ["a", "b", "c"]) writeFileSync(join(root, "etc", name), "mine");
  const result = await change({ "etc/a": "2", "etc/c": "1" });
  assert.deepEqual(result, [
    "changed",
    "kept /etc/a was changed in the guest; its own is now /etc/a.microvm-old",
    "kept /etc/b was changed in the guest; its own is now /etc/b.microvm-old",
  ]);
  assert.deepEqual([read("etc/a"), read("etc/a.microvm-old"), read("etc/c")], ["2", "mine", "mine"]);
  assert.ok(!existsSync(join(root, "etc/b")));
});

test("accounts are merged: the guest's own stay, with what it changed of others", async () => {
  const former = accounts(["root:0", "alice:1000", "gone:1001"], ["wheel:27:alice", "team:50:alice"]);
  const next = accounts(["root:0", "alice:1000", "bob:1002"], ["wheel:27:alice,bob", "team:50:alice"]);
  const { change, root, read } = guest(layer({}), [], former);
  const append = (name: string, text: string) =>
    writeFileSync(
      join(root, "etc", name),
      read(`etc/${name}`).replace(/^team.*/m, "team:x:50:alice,mine") + text,
    );
  append("passwd", "mine:x:1500:100::/:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), read("etc/group").replace("alice\n", "alice,mine\n"));
  writeFileSync(join(root, "etc/shadow"), read("etc/shadow").replace("alice:!", "alice:changed"));
  assert.deepEqual(await change({}, next), ["changed"]);
  const names = (path: string) =>
    read(path)
      .trim()
      .split("\n")
      .map((line) => line.split(":")[0]);
  assert.deepEqual(names("etc/passwd"), ["root", "alice", "mine", "bob"]);
  assert.deepEqual(names("etc/shadow"), ["root", "alice", "bob"]);
  assert.match(read("etc/shadow"), /^alice:changed:/m);
  assert.match(read("etc/group"), /^wheel:x:27:alice,bob,mine$/m);
});

test("an id that the guest gave away itself puts everything back", async () => {
  const { change, root, read } = guest(layer({ "etc/a": "1" }), [], accounts(["root:0"], []));
  writeFileSync(join(root, "etc/passwd"), `${read("etc/passwd")}mine:x:1000:100::/:/bin/sh\n`);
  const result = await change({ "etc/a": "2" }, accounts(["root:0", "bob:1000"], []));
  assert.deepEqual(result, ["returned", "reason the guest has given the id 1000 to another account itself"]);
  assert.equal(read("etc/a"), "1");
});

const CUT = "returned\nreason the change was cut off while mounting new files (timeout)\n";

test("a change that was cut off is put back by whoever finishes it", async () => {
  const { root, state } = guest(layer({ "etc/a": "2" }), []);
  const directory = join(dirname(root), "change-cut");
  mkdirSync(join(directory, "saved"), { recursive: true });
  writeFileSync(join(directory, "saved/0"), "1");
  for (const [name, text] of Object.entries({
    undo: "back 0 etc/a\n",
    begun: "",
    units: "",
    steps: "",
    "failed.before": "",
    doing: "mounting new files\n",
  })) {
    writeFileSync(join(directory, name), text);
  }
  cpSync(join(dirname(root), "bin"), join(directory, "bin"), { recursive: true });
  writeFileSync(join(directory, "change.sh"), CHANGE_SCRIPT);
  const env = {
    PATH: `${join(directory, "bin")}:${process.env.PATH}`,
    STATE: state,
    SERVICE_RESULT: "timeout",
  };
  const finish = () => runToEnd(["sh", `${directory}/change.sh`, directory, "finish", root], { env });
  assert.equal((await finish()).code, 0);
  assert.equal(readFileSync(join(directory, "result"), "utf8"), CUT);
  assert.equal(readFileSync(join(root, "etc/a"), "utf8"), "1");
  await finish();
  assert.equal(readFileSync(join(directory, "result"), "utf8"), CUT);
});

/** Runs changes one after the other where `usr` is read-only; prints what is in it after each, and the mounts there in the end. */
async function readOnlyUsr({ root, env }: Guest, changes: readonly string[]): Promise<string[]> {
  const script = `
    root=$1
    shift
    # As systemd has them: what is mounted over a place is also over its other names.
    mount --make-rshared /
    mount --bind "$root/usr" "$root/usr"
    mount -o remount,bind,ro "$root/usr"
    look() { stat -c '%u:%g %a' "$root/usr/lib/a"; cd "$root/usr" && find . -type f | sort | while read -r path; do echo "$path $(cat "$path")"; done; }
    # Has the first file open, as a program would that runs on.
    exec 9<"$root/usr/lib/a"
    for directory in "$@"; do
      sh "$directory/change.sh" "$directory" run "$root"
      cat "$directory/result"
      look
      counts="\${counts:-mounts} $(grep -c " $root/usr " /proc/self/mounts)"
    done
    ! touch "$root/usr/lib/x" 2>/dev/null || echo writable
    echo "open $(cat <&9)"
    echo "$counts"
    grep -c " \${root%/*}/view/usr " /proc/self/mounts
    ls -A "\${root%/*}/upper"
  `;
  const command = ["unshare", "--mount", "sh", "-uc", script, "sh", root, ...changes];
  const { stdout, stderr } = await runToEnd(command, { env });
  assert.equal(stderr.toString(), "");
  return stdout.toString().trim().split("\n");
}

const skip = process.getuid?.() === 0 ? false : "needs root to mount";

test("where nothing can be written one overlay takes all changes, and the way back is the former one", {
  skip,
}, async () => {
  const all = guest(layer({ "usr/lib/a": "1", "usr/lib/gone": "1", "usr/lib/same": "s" }), []);
  const { bundle, state } = all;
  const second = bundle({
    "usr/lib/a": file("2", 0o640, "7:8"),
    "usr/lib/same": "s",
    "usr/lib/new/deep": file("n", 0o755),
  });
  const third = bundle({ "usr/lib/a": "3", "usr/lib/same": "s", "usr/lib/gone": "back" });
  const fourth = bundle({ "usr/lib/a": "4", "usr/lib/x/y": "y", [`${UNITS}/broken.service`]: "1" });
  writeFileSync(join(state, "broken/broken.service"), "");
  assert.deepEqual(await readOnlyUsr(all, [second, third, fourth]), [
    ...["changed", "7:8 640", "./lib/a 2", "./lib/new/deep n", "./lib/same s"],
    ...["changed", "0:0 644", "./lib/a 3", "./lib/gone back", "./lib/same s"],
    ...["returned", "reason the unit broken.service did not start", "log its last words"],
    ...["0:0 644", "./lib/a 3", "./lib/gone back", "./lib/same s"],
    "open 1",
    // What was there, and the one that is over it by both of its names, whatever the number of changes.
    ...["mounts 3 3 3", "1", "usr"],
  ]);
});

test("a first change that goes back leaves nothing mounted", { skip }, async () => {
  const all = guest(layer({ "usr/lib/a": "1" }), []);
  writeFileSync(join(all.state, "broken/broken.service"), "");
  const failing = all.bundle({ "usr/lib/a": "2", [`${UNITS}/broken.service`]: "1" });
  assert.deepEqual(await readOnlyUsr(all, [failing]), [
    ...["returned", "reason the unit broken.service did not start", "log its last words"],
    ...["0:0 644", "./lib/a 1", "open 1", "mounts 1", "0"],
  ]);
});
