import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import type { FileEntry } from "../store/files.ts";
import type { TracedUnit } from "./unit-files.ts";
import { missingReferences } from "./unit-references.ts";

function layer(t: TestContext): string {
  const root = temporaryDirectory(t);
  for (const path of [
    "usr/lib/systemd/system/multi-user.target",
    "usr/lib/systemd/system/db@.service",
    "etc/init.d/old",
  ]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "");
  }
  return root;
}

const unit = (name: string, text: string | null, more: Partial<TracedUnit> = {}): TracedUnit => ({
  name,
  text,
  option: "systemd.services.web",
  definedIn: ["web.ts"],
  enable: true,
  overrideStrategy: "asDropinIfExists",
  links: [],
  ...more,
});

/** Settings and names of what is missing, then those of what is doubtful. */
function missing(t: TestContext, units: readonly TracedUnit[], entries: readonly FileEntry[] = []) {
  const found = missingReferences(units, entries, [layer(t)]);
  const short = (texts: readonly string[]) =>
    texts.map((text) => /: "(.*)" names the unit "(.*)", which/.exec(text)!.slice(1).join(" "));
  return [short(found.missing), short(found.doubtful)];
}

test("what a unit cannot do without must be there, what it would like to have may be missing", (t) => {
  const text =
    "[Unit]\nRequires=a.service multi-user.target\nBindsTo=b.service\nWants=c.service\nAfter=d.service %i.service\n";
  assert.deepEqual(missing(t, [unit("web.service", text, { links: ["no.target.wants/web.service"] })]), [
    ["wantedBy no.target", "Requires a.service", "BindsTo b.service"],
    ["Wants c.service", "After d.service"],
  ]);
});

test("units are there that are declared, aliased, files, instances, System V scripts, or made later", (t) => {
  const names = [
    "other.service",
    "alias.service",
    "file.service",
    "db@main.service",
    "own@x.service",
    "old.service",
    "dev-vda.device",
    "mnt.mount",
    "a-b.slice",
  ];
  const file = { path: "etc/systemd/system/file.service", type: "file", text: "" } as const;
  const units = [
    unit("web.service", `Requires=${names.join(" ")}\n`),
    unit("other.service", "", { links: ["alias.service"] }),
    unit("own@.service", ""),
  ];
  assert.deepEqual(missing(t, units, [file]), [[], []]);
});

test("what a timer, a socket or a path starts must be there", (t) => {
  assert.deepEqual(
    missing(t, [
      unit("a.timer", "[Timer]\n"),
      unit("b.path", "[Path]\nUnit=multi-user.target\n"),
      unit("c.socket", "[Socket]\nAccept=yes\n"),
      unit("d.socket", "[Socket]\nService=x.service\n"),
      unit("db.socket", "[Socket]\nAccept=yes\n"),
    ]),
    [["Unit a.service", "Service c@.service", "Service x.service"], []],
  );
});

test("one that may not start needs nothing, and one without text must be a package's", (t) => {
  assert.deepEqual(missing(t, [unit("x.service", "Requires=a.service\n", { enable: false })]), [[], []]);
  assert.deepEqual(missing(t, [unit("gone.target", null, { links: ["default.target"] })]), [
    ["name gone.target"],
    [],
  ]);
});

test("the message names the option and the files", (t) => {
  const { missing } = missingReferences([unit("web.service", "Requires=a.service\n")], [], [layer(t)]);
  assert.deepEqual(missing, [
    `"systemd.services.web" in "web.ts": "Requires" names the unit "a.service", which is neither declared nor in the guest's packages`,
  ]);
});
