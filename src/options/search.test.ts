import assert from "node:assert/strict";
import { test } from "node:test";
import type { OptionDocumentation } from "../module-system/index.ts";
import { nearOptions, searchOptions } from "./search.ts";

const option = (name: string, description: string): OptionDocumentation => ({
  name,
  path: name.split("."),
  type: "string",
  description,
  readOnly: false,
  opaque: false,
  declarations: [],
});

const OPTIONS = [
  option("users.groups.<name>.members", "Users in the group."),
  option("microvm.balloon", "Whether memory can be given back: mem shrinks."),
  option("microvm.mem", "Memory in MiB."),
  option("services.nginx.enable", "Whether to enable the nginx web server."),
  option("services.nginx.virtualHosts", "Virtual hosts, by name."),
];

const found = (...words: readonly string[]) => searchOptions(OPTIONS, words).map(({ name }) => name);

test("every word must occur, in the name or in the description, in any case", () => {
  assert.deepEqual(found("NGINX", "web"), ["services.nginx.enable"]);
  assert.deepEqual(found("nginx", "nothing"), []);
});

test("names come before descriptions, and the name itself first", () => {
  assert.deepEqual(found("mem"), ["microvm.mem", "users.groups.<name>.members", "microvm.balloon"]);
  assert.deepEqual(found("microvm.mem"), ["microvm.mem"]);
  assert.deepEqual(found("microvm", "mem"), ["microvm.mem", "microvm.balloon"]);
});

test("without words all are found, in their order", () => {
  assert.deepEqual(
    found(),
    OPTIONS.map(({ name }) => name),
  );
});

test("names near to what was misspelt", () => {
  assert.deepEqual(nearOptions(OPTIONS, ["ngnix"]), ["services.nginx.enable", "services.nginx.virtualHosts"]);
  assert.deepEqual(nearOptions(OPTIONS, ["ngnix", "enabel"]), ["services.nginx.enable"]);
  assert.deepEqual(nearOptions(OPTIONS, ["microvm.memm"]), ["microvm.mem"]);
  assert.deepEqual(nearOptions(OPTIONS, ["wholly-different"]), []);
});
