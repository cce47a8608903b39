/** Where a boot's time went, of one that really was. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BootTimes } from "../src/boot-times/boot-times.ts";
import { guestProject, microvm, STORE_SHARE, temporaryDirectory } from "./support.ts";

test("a boot is shown as a picture and as data, host and guest on one axis, and the guest powered off", async () => {
  const project = guestProject(`microvm: { ${STORE_SHARE}, vcpu: 1 }`);
  const picture = join(temporaryDirectory(), "boot.svg");
  const { stdout, stderr, code } = await microvm(["run", project, "--analyze", picture, "--json"]);
  assert.equal(code, 0, stderr);
  const times: BootTimes = JSON.parse(stdout);
  const spans = Object.fromEntries(times.groups.map(({ title, spans }) => [title, spans]));
  const names = (title: string) => (spans[title] ?? []).map(({ name }) => name);
  assert.deepEqual(names("host"), [
    ...["start this program", "evaluate and plan", "build", "virtiofsd", "hypervisor and firmware"],
  ]);
  assert.deepEqual(names("initrd"), ["modules", "store", "layers", "places", "init"]);
  assert.deepEqual(names("systemd"), ["set up security modules", "run generators", "load units"]);
  assert.ok(names("units").includes("systemd-journald.service"), stdout);
  assert.equal(times.criticalChain[0]?.name, "multi-user.target");
  // One after the other, as far as the clocks can be compared.
  const inOrder = [
    spans.host!.at(-1)!.start,
    spans.kernel![0]!.start,
    spans.initrd![0]!.start,
    spans.systemd![0]!.start,
    spans.units![0]!.start,
    times.ready.system!,
  ];
  assert.deepEqual(
    inOrder,
    [...inOrder].sort((a, b) => a - b),
  );
  assert.ok(times.ready.agent! > spans.kernel![0]!.start, stdout);
  assert.ok(times.uncertainty < 1, stdout);
  assert.match(readFileSync(picture, "utf8"), /^<svg .*systemd-journald\.service.*<\/svg>\n$/s);
});
