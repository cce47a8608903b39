import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { layerEntries, templateOf, type UnitFile, unitEntries, unitFinder } from "./unit-files.ts";

const unit = (name: string, more: Partial<UnitFile> = {}): UnitFile => ({
  name,
  text: "whole",
  enable: true,
  overrideStrategy: "asDropinIfExists",
  links: [],
  ...more,
});

const SHIPPED = (name: string) =>
  ["ssh.service", "getty@.service"].includes(name) ? `/usr/lib/systemd/system/${name}` : undefined;

/** The entries of units: text of a file, `→` and target of a link. */
function entriesOf(...units: UnitFile[]): Record<string, string> {
  const shown = unitEntries(units, SHIPPED).map((entry) => [
    entry.path.replace("etc/systemd/system/", ""),
    entry.type === "symlink" ? `→ ${entry.target}` : entry.type === "file" ? entry.text : "/",
  ]);
  return Object.fromEntries(shown);
}

test("a unit that nobody ships is a file, and what starts it leads there", () => {
  assert.deepEqual(entriesOf(unit("web.service", { links: ["a.target.wants/web.service", "www.service"] })), {
    "web.service": "whole",
    "a.target.wants/web.service": "→ /etc/systemd/system/web.service",
    "www.service": "→ /etc/systemd/system/web.service",
  });
});

test("a unit that a package ships is extended, and what starts it leads to the package's", () => {
  const links = ["a.target.wants/ssh.service"];
  assert.deepEqual(entriesOf(unit("ssh.service", { dropInText: "part", links })), {
    "ssh.service.d/overrides.conf": "part",
    "a.target.wants/ssh.service": "→ /usr/lib/systemd/system/ssh.service",
  });
});

test("one that is always a drop-in is one, whatever is shipped", () => {
  assert.deepEqual(entriesOf(unit("later.service", { overrideStrategy: "asDropin" })), {
    "later.service.d/overrides.conf": "whole",
  });
});

test("an instance extends its template, the package's or a declared one", () => {
  const links = ["a.target.wants/getty@tty2.service"];
  assert.deepEqual(
    entriesOf(
      unit("getty@tty2.service", { links }),
      unit("work@.service"),
      unit("work@a.service", { links: ["a.target.wants/work@a.service"] }),
      unit("alone@a.service"),
    ),
    {
      "getty@tty2.service.d/overrides.conf": "whole",
      "a.target.wants/getty@tty2.service": "→ /usr/lib/systemd/system/getty@.service",
      "work@.service": "whole",
      "work@a.service.d/overrides.conf": "whole",
      "a.target.wants/work@a.service": "→ /etc/systemd/system/work@.service",
      "alone@a.service": "whole",
    },
  );
});

test("one that may not start leads nowhere, and nothing starts it", () => {
  assert.deepEqual(entriesOf(unit("ssh.service", { enable: false, links: ["a.target.wants/ssh.service"] })), {
    "ssh.service": "→ /dev/null",
  });
});

test("one without text has its links only", () => {
  assert.deepEqual(entriesOf(unit("ssh.service", { text: null, links: ["default.target"] })), {
    "default.target": "→ /usr/lib/systemd/system/ssh.service",
  });
});

test("files win over units of the same path", () => {
  const mask = { path: "etc/systemd/system/web.service", type: "symlink", target: "/dev/null" } as const;
  assert.deepEqual(layerEntries([mask], [unit("web.service")], SHIPPED), [mask]);
});

test("templates of instances are known", () => {
  const templates = ["a@b.service", "a@b@c.d.timer", "a@.service", "a.service"].map(templateOf);
  assert.deepEqual(templates, ["a@.service", "a@.timer", undefined, undefined]);
});

function layerWith(t: TestContext, files: Record<string, string>): string {
  const layer = temporaryDirectory(t);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(layer, path)), { recursive: true });
    if (text.startsWith("→ ")) symlinkSync(text.slice(2), join(layer, path));
    else writeFileSync(join(layer, path), text);
  }
  return layer;
}

test("units of packages are found in the topmost layer, masked ones are not there", (t) => {
  const top = layerWith(t, {
    "etc/systemd/system/masked.service": "→ /dev/null",
    "etc/systemd/system/sshd.service": "→ /usr/lib/systemd/system/ssh.service",
  });
  const base = layerWith(t, {
    "usr/lib/systemd/system/masked.service": "",
    "usr/lib/systemd/system/ssh.service": "",
    "usr/local/lib/systemd/system/local.service": "",
  });
  const find = unitFinder([top, base]);
  assert.deepEqual(
    ["masked", "sshd", "ssh", "local", "none"].map((name) => find(`${name}.service`)),
    [
      undefined,
      "/etc/systemd/system/sshd.service",
      "/usr/lib/systemd/system/ssh.service",
      "/usr/local/lib/systemd/system/local.service",
      undefined,
    ],
  );
});
