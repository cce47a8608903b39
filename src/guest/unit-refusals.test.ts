import assert from "node:assert/strict";
import { test } from "node:test";
import { refusals, refusalText } from "./unit-refusals.ts";

const unit = (name: string, text = "", more = {}) => ({
  name,
  option: `systemd.services.${name.split(".")[0]}`,
  definedIn: ["modules/web.ts"],
  text,
  ...more,
});

const texts = (output: string, ...units: ReturnType<typeof unit>[]) =>
  refusals(output, units).map(refusalText);

// What systemd 257 prints.
test("a fault in a file names the option, the file of the module and the line", () => {
  const output = [
    "/etc/systemd/system/web.service:3: Unknown key 'Foo' in section [Service], ignoring.",
    "/etc/systemd/system/web.service:4: Failed to parse Restart=maybe, ignoring: Invalid argument",
  ].join("\n");
  assert.deepEqual(texts(output, unit("web.service", "# From\n[Service]\nFoo=1\nRestart=maybe\n")), [
    `"systemd.services.web" in "modules/web.ts" gives a unit "web.service" that systemd refuses in line 3, "Foo=1": Unknown key 'Foo' in section [Service]`,
    `"systemd.services.web" in "modules/web.ts" gives a unit "web.service" that systemd refuses in line 4, "Restart=maybe": Failed to parse Restart=maybe: Invalid argument`,
  ]);
});

test("lines of drop-ins are those of the drop-in", () => {
  const drop = unit("ssh.service", "a\nb\n", { dropInText: "c\nd\n" });
  const output = "/etc/systemd/system/ssh.service.d/overrides.conf:2: Unknown key 'd', ignoring.";
  assert.match(texts(output, drop)[0]!, /in line 2, "d": Unknown key 'd'$/);
});

test("what is said of other units is passed over, and nothing is said twice", () => {
  const output = [
    "/usr/lib/systemd/system/old.service:3: Unknown key 'Foo' in section [Service], ignoring.",
    "other.service: Command /usr/bin/x is not executable: No such file or directory",
    "web.service: Command /usr/bin/x is not executable: No such file or directory",
    "web.service: Command /usr/bin/x is not executable: No such file or directory",
    "work@instance.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing.",
    "Unit web.service has a bad unit file setting.",
    "web.service: Cannot add dependency job, ignoring: Unit web.service has a bad unit file setting.",
  ].join("\n");
  assert.deepEqual(texts(output, unit("web.service"), unit("work@.service")), [
    '"systemd.services.web" in "modules/web.ts" gives a unit "web.service" that systemd refuses: Command /usr/bin/x is not executable: No such file or directory',
    '"systemd.services.work@" in "modules/web.ts" gives a unit "work@.service" that systemd refuses: Service has no ExecStart=, ExecStop=, or SuccessAction=',
  ]);
});

test("a cycle is told once, of a declared unit in it", () => {
  const output = [
    "basic.target: Found ordering cycle on web.service/start",
    "basic.target: Found dependency on multi-user.target/start",
    "basic.target: Found dependency on basic.target/start",
    "basic.target: Unable to break cycle starting with basic.target/start",
    "Requested transaction contains an unfixable cyclic ordering dependency: Transaction order is cyclic. See system logs for details.",
    "web.service: Failed to create web.service/start: Transaction order is cyclic. See system logs for details.",
  ].join("\n");
  assert.deepEqual(texts(output, unit("web.service")), [
    '"systemd.services.web" in "modules/web.ts" gives a unit "web.service" that systemd refuses: Units wait for each other: basic.target after web.service after multi-user.target after basic.target',
  ]);
});
