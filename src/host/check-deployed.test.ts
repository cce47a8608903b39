import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { repository } from "../config/references/testing/repository.ts";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { openTemporaryRoots } from "../store/temporary-roots.ts";
import { checkDeployed } from "./check-deployed.ts";
import { writeRevision } from "./revision.ts";

function checker(t: TestContext) {
  const directory = temporaryDirectory(t);
  const [storeDirectory, state] = [join(directory, "store"), join(directory, "state")];
  mkdirSync(storeDirectory);
  const silent = () => {};
  const reporter = { step: silent, warning: silent, missing: silent, event: silent };
  const roots = openTemporaryRoots(storeDirectory);
  const install = (name: string, rev: string | undefined) => {
    mkdirSync(join(state, name), { recursive: true });
    writeRevision(state, name, "runner", rev);
  };
  const check = async (flakes: Readonly<Record<string, string>>) => {
    const vms = Object.entries(flakes).map(([name, flake]) => ({ name, flake, current: "runner" }));
    return Object.fromEntries(await checkDeployed(vms, state, { storeDirectory, reporter, roots }));
  };
  return { install, check, storeDirectory };
}

test("a commit is asked for and compared with the one that a VM was made from; nothing is fetched", async (t) => {
  const { reference, commit } = repository(t);
  const { install, check, storeDirectory } = checker(t);
  const first = commit({ "microvm.config.ts": "export default {};" });
  install("web", first);
  install("unknown", undefined);
  const both = { web: `${reference}?ref=main#web`, unknown: `${reference}?ref=main#other` };
  assert.deepEqual(await check(both), {
    web: { isOutdated: false, from: first, now: first, fault: null },
    unknown: { isOutdated: true, from: null, now: first, fault: null },
  });
  const second = commit({ more: "" });
  assert.deepEqual((await check(both)).web, { isOutdated: true, from: first, now: second, fault: null });
  assert.deepEqual(await check({ web: `${reference}?rev=${first}` }), {
    web: { isOutdated: false, from: first, now: first, fault: null },
  });
  assert.deepEqual(readdirSync(storeDirectory), []);
});

test("what cannot be asked is told of that VM alone", async (t) => {
  const { reference, commit } = repository(t);
  const rev = commit({ "microvm.config.ts": "export default {};" });
  const { install, check } = checker(t);
  for (const name of ["web", "gone", "odd", "branch", "nowhere"]) install(name, rev);
  const checks = await check({
    web: reference,
    gone: "git+file:///no/such/repository",
    odd: "github:a/b",
    branch: `${reference}?ref=mian`,
    nowhere: "path:/no/such/place",
  });
  assert.equal(checks.web!.isOutdated, false);
  const faults = Object.entries(checks).map(([name, { fault }]) => [name, fault?.split("\n")[0]]);
  assert.deepEqual(Object.fromEntries(faults.filter(([name]) => name !== "odd")), {
    web: undefined,
    gone: 'There is no git repository at "file:///no/such/repository"; git said:',
    branch: `The repository "${reference.slice(4)}" has no branch or tag "mian"; did you mean "main"`,
    nowhere: 'There is no project at "/no/such/place": no such file or directory',
  });
  assert.match(checks.odd!.fault!, /github:/);
});
