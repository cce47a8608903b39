import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleNames } from "./module-names.ts";

test("modules are named from the project on, and no path of this machine is told", () => {
  const name = moduleNames("/srv/project");
  assert.equal(name("/srv/project/modules/web.ts"), "modules/web.ts");
  assert.equal(name("/srv/project/..web.ts"), "..web.ts");
  assert.equal(name("/srv/project2/secret/web.ts"), "web.ts");
  assert.equal(name("/srv/project"), "project");
  assert.equal(name("src/options/guest/services/nginx.ts"), "src/options/guest/services/nginx.ts");
});
