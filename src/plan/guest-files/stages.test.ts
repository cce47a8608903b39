import assert from "node:assert/strict";
import { test } from "node:test";
import { guestConfig } from "../../options/testing/evaluate.ts";
import { stageFiles } from "./stages.ts";

/** Units of stages by name, and the links that start them. */
function stages(config: object) {
  const entries = stageFiles(guestConfig(config));
  return {
    paths: entries.map(({ path }) => path.replace("etc/systemd/system/", "")),
    text: (name: string) => {
      const found = entries.find(({ path }) => path.endsWith(`/${name}`) && !path.includes(".wants/"));
      return found?.type === "file" ? found.text : undefined;
    },
  };
}

test("a guest tells the stages that every guest has", () => {
  const { paths, text } = stages({});
  assert.deepEqual(paths, [
    "usr/local/lib/microvm/tell-stage",
    "microvm-stage-basic.service",
    "basic.target.wants/microvm-stage-basic.service",
    "microvm-stage-agent.service",
    "multi-user.target.wants/microvm-stage-agent.service",
    "microvm-stage-multi-user.service",
    "multi-user.target.wants/microvm-stage-multi-user.service",
  ]);
  assert.match(
    text("microvm-stage-multi-user.service")!,
    /^DefaultDependencies=no\nAfter=multi-user\.target$/m,
  );
  assert.match(
    text("microvm-stage-basic.service")!,
    /^ExecStart=\/usr\/local\/lib\/microvm\/tell-stage basic$/m,
  );
});

test("a unit that is waited for starts what tells it, and is told only when it has started", () => {
  const { paths, text } = stages({ microvm: { readiness: { stage: "nginx.service" } } });
  assert.ok(paths.includes("nginx.service.wants/microvm-stage-nginx.service-.service"));
  const unit = text("microvm-stage-nginx.service-.service")!;
  assert.match(unit, /^After=nginx\.service\nRequires=nginx\.service$/m);
});

test("a guest without agent tells no such stage, and counts as up before", () => {
  const { paths } = stages({ services: { qemuGuest: { enable: false } } });
  assert.ok(!paths.some((path) => path.includes("agent")));
});
