import assert from "node:assert/strict";
import { test } from "node:test";
import type { UnitFile } from "../guest/unit-files.ts";
import type { FileEntry } from "../store/files.ts";
import { layerReasons } from "./planned.ts";
import { layer, link } from "./testing/layers.ts";

const former = layer({
  "etc/a": "1",
  "etc/fstab": "x",
  "etc/systemd/system/mnt.mount": "old",
  "etc/systemd/system/tmp.mount.d/overrides.conf": "drop-in",
  "etc/systemd/system/local-fs.target.wants/mnt.mount": link("/x"),
  "etc/systemd/system/web.service": "1",
});

const unit = (name: string, text: string, fields: Partial<UnitFile> = {}): UnitFile => ({
  ...{ name, text, enable: true, overrideStrategy: "asDropinIfExists", links: [] },
  ...fields,
});
const mount = unit("mnt.mount", "old", { links: ["local-fs.target.wants/mnt.mount"] });
const units = [mount, unit("tmp.mount", "whole", { dropInText: "drop-in" }), unit("web.service", "2")];
const fstab: FileEntry = { path: "etc/fstab", type: "file", text: "x" };
const options = (entries: readonly FileEntry[], all = units) =>
  layerReasons(former, { entries, units: all }).map(({ option }) => option);

test("a planned layer asks for a reboot where its built one would", () => {
  assert.deepEqual(options([fstab, { path: "etc/a", type: "file", text: "2" }]), []);
  assert.deepEqual(options([{ ...fstab, text: "y" }]), ["microvm.volumes or microvm.shares"]);
  const mounts = ["systemd.mounts or systemd.automounts"];
  assert.deepEqual(options([fstab], units.slice(1)), mounts);
  assert.deepEqual(
    options([fstab], [unit("mnt.mount", "new", { links: mount.links }), ...units.slice(1)]),
    mounts,
  );
  assert.deepEqual(options([fstab], [...units, unit("new.mount", "new")]), mounts);
});
