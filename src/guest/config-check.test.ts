import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import type { BuildJob } from "../store/builder.ts";
import { storePathName } from "../store/recipe.ts";
import { buildConfigCheck, configCheckRecipe } from "./config-check.ts";

const CHECK = {
  name: "web",
  option: "services.web",
  definedIn: ["web.ts"],
  program: "/usr/sbin/web",
  script: "web -t\n",
  entries: [{ path: "etc/web.conf", type: "file" as const, text: "a\n" }],
};

test("a check without its program passes, and its log says so", async (t) => {
  const directory = temporaryDirectory(t);
  const [out, lower] = [join(directory, "out"), join(directory, "lower")];
  mkdirSync(lower);
  let log = "";
  const job = {
    out,
    params: { ...CHECK, architecture: "amd64" },
    inputs: () => [lower],
    log: (chunk: Buffer) => {
      log += chunk;
    },
  };
  await buildConfigCheck(job as unknown as BuildJob);
  assert.equal(readFileSync(out, "utf8"), "unchecked\n");
  assert.equal(log, 'The guest\'s packages have no "/usr/sbin/web": nothing is checked\n');
});

test("a check is another one when its files, its commands or what its errors say changed", () => {
  const name = (change: object) =>
    storePathName(configCheckRecipe({ ...CHECK, ...change }, "amd64", [], { architecture: "amd64" }));
  assert.match(name({}), /^[0-9a-z]{32}-check-web$/);
  assert.equal(name({}), name({ entries: [...CHECK.entries] }));
  for (const change of [{ entries: [] }, { script: "web -T\n" }, { definedIn: [] }, { option: "x" }]) {
    assert.notEqual(name(change), name({}), JSON.stringify(change));
  }
});
