/** Units that are refused before anything boots. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { guestProject, microvm, STORE_SHARE } from "./support.ts";

/** What a build with these units says when it is refused. */
async function refusal(units: string): Promise<string> {
  const { stderr, code } = await microvm([
    "build",
    "--quiet",
    guestProject(`microvm: { ${STORE_SHARE} }, systemd: { ${units} }`),
  ]);
  assert.equal(code, 1, stderr);
  return stderr.replace(/^error: /, "").replace(/\n$/, "");
}

describe("what systemd would refuse is refused when the guest is built", () => {
  const from = 'in "microvm.config.ts"';

  test("with the option, the module's file and the line", async () => {
    assert.equal(
      await refusal(
        `services: { web: { script: "true", serviceConfig: { Foo: 1 } }, b: { serviceConfig: { ExecStart: "/usr/bin/nothing" } } }`,
      ),
      `"systemd.services.web" ${from} gives a unit "web.service" that systemd refuses in line 5, "Foo=1": Unknown key 'Foo' in section [Service]
"systemd.services.b" ${from} gives a unit "b.service" that systemd refuses: Command /usr/bin/nothing is not executable: No such file or directory`,
    );
  });

  test("with times that are none", async () => {
    assert.equal(
      await refusal(`services: { web: { script: "true", startAt: "sometimes" } }`),
      `"systemd.timers.web" ${from} gives a unit "web.timer" that systemd refuses in line 4, "OnCalendar=sometimes": Failed to parse calendar specification: sometimes
"systemd.timers.web" ${from} gives a unit "web.timer" that systemd refuses: Timer unit lacks value setting`,
    );
  });

  test("with units that are nowhere", async () => {
    const nowhere = (name: string) =>
      `names the unit "${name}", which is neither declared nor in the guest's packages`;
    assert.equal(
      await refusal(`
        services: { web: { script: "true", wantedBy: ["multi-usr.target"], requires: ["db.service"], after: ["maybe.service"] } },
        timers: { lone: { timerConfig: { OnCalendar: "daily" } } }`),
      `"systemd.timers.lone" ${from}: "Unit" ${nowhere("lone.service")}
"systemd.services.web" ${from}: "wantedBy" ${nowhere("multi-usr.target")}
"systemd.services.web" ${from}: "Requires" ${nowhere("db.service")}`,
    );
  });

  test("with an order that no one can keep, through a package's unit", async () => {
    assert.match(
      await refusal(
        `services: { web: { script: "true", wantedBy: ["basic.target"], before: ["basic.target"] } }`,
      ),
      // A service comes after "basic.target" unless it says otherwise. systemd begins anywhere in the circle.
      /^"systemd\.services\.web" in "microvm\.config\.ts" gives a unit "web\.service" that systemd refuses: Units wait for each other: (?=.*web\.service after )(?=.*basic\.target after ).*$/m,
    );
  });
});
