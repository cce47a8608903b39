import assert from "node:assert/strict";
import { test } from "node:test";
import { mkForce, withFile } from "../../module-system/index.ts";
import { guestConfig } from "../../options/testing/evaluate.ts";
import { declaredUnits, unitSupportFiles } from "./units.ts";

/** The units of a guest by name, without those that every guest has. */
// biome-ignore lint/suspicious/noExplicitAny: a module of a guest
function unitsOf(systemd: any) {
  const modules = [withFile("modules/web.ts", { config: { systemd } })];
  const config = guestConfig(...modules.map((module) => () => ({ imports: [module] })));
  const units = declaredUnits(config, (file) => file).filter(
    ({ option }) => option !== "systemd.defaultUnit",
  );
  return { config, units: Object.fromEntries(units.map((unit) => [unit.name, unit])) };
}

test("a service is written as a person would, in an order of its own", () => {
  const { units, config } = unitsOf({
    services: {
      hello: {
        description: "Says hello",
        documentation: ["man:hello(1)"],
        wantedBy: ["multi-user.target"],
        requiredBy: ["nice.target"],
        upheldBy: ["other.service"],
        aliases: ["hi.service"],
        before: ["z.service"],
        after: ["network.target", "b.service"],
        requires: ["b.service"],
        startLimitBurst: 3,
        startLimitIntervalSec: 0,
        unitConfig: { ConditionPathExists: ["/a", "/b"], AssertHost: null, After: "c.service" },
        environment: { WHOM: 'the "world" 100%', PORT: 80, DEBUG: null },
        path: ["/opt/bin"],
        serviceConfig: {
          Restart: "on-failure",
          Type: "notify",
          ProtectSystem: true,
          EnvironmentFile: ["/a", "-/b"],
          ExecStartPost: ["", "/bin/x"],
        },
        script: 'echo "$WHOM"',
        scriptArgs: "%n",
        preStop: "echo bye\n\n",
        restartIfChanged: false,
        restartTriggers: ["listen 80;\n"],
      },
    },
  });
  assert.equal(
    units["hello.service"]!.text,
    `# From modules/web.ts

[Unit]
Description=Says hello
Documentation=man:hello(1)
Requires=b.service
After=network.target b.service
After=c.service
Before=z.service
StartLimitIntervalSec=0
StartLimitBurst=3
X-Restart-Triggers=c9cac573d8776bf7a75079a0269cbe7a
ConditionPathExists=/a
ConditionPathExists=/b

[Service]
Type=notify
Environment="PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
Environment="PORT=80"
Environment="WHOM=the \\"world\\" 100%%"
EnvironmentFile=/a
EnvironmentFile=-/b
UnsetEnvironment=DEBUG
ExecStart=/usr/local/lib/microvm/hello/start %n
ExecStartPost=
ExecStartPost=/bin/x
ExecStop=/usr/local/lib/microvm/hello/stop
Restart=on-failure
ProtectSystem=yes
X-RestartIfChanged=false
`,
  );
  assert.match(units["hello.service"]!.dropInText!, /^ExecStart=\nExecStart=\/usr\/local\/lib/m);
  assert.deepEqual(units["hello.service"]!.links, [
    "hi.service",
    "multi-user.target.wants/hello.service",
    "nice.target.requires/hello.service",
    "other.service.upholds/hello.service",
  ]);
  assert.deepEqual(
    unitSupportFiles(config, (file) => file),
    [
      {
        path: "usr/local/lib/microvm/hello/start",
        type: "file",
        text: '#!/bin/sh\n# From modules/web.ts\nset -e\necho "$WHOM"\n',
        mode: 0o755,
      },
      {
        path: "usr/local/lib/microvm/hello/stop",
        type: "file",
        text: "#!/bin/sh\n# From modules/web.ts\nset -e\necho bye\n",
        mode: 0o755,
      },
    ],
  );
});

test("the text is the same whatever the order of definitions", () => {
  const one = { User: "a", Type: "exec", ZZ: 1, AA: 2, ExecStart: "/bin/a" };
  const text = (serviceConfig: object) =>
    unitsOf({ services: { a: { serviceConfig } } }).units["a.service"]!.text;
  const reversed = Object.fromEntries(Object.entries(one).toReversed());
  assert.equal(text(one), text(reversed));
  assert.equal(
    text(one),
    "# From modules/web.ts\n\n[Service]\nType=exec\nExecStart=/bin/a\nUser=a\nAA=2\nZZ=1\n",
  );
});

test("units of other kinds have their sections, and mounts their names", () => {
  const { units } = unitsOf({
    sockets: {
      s: { listenStreams: ["80", "[::1]:81"], listenDatagrams: ["/run/d"], socketConfig: { Accept: true } },
    },
    timers: { t: { timerConfig: { OnCalendar: ["daily", "Mon 12:00"], Persistent: true } } },
    targets: { g: { description: "Group", wants: ["s.socket"] } },
    paths: { p: { pathConfig: { PathExists: "/run/go" } } },
    slices: { l: { sliceConfig: { CPUWeight: 20 } } },
    mounts: [
      {
        what: "tmpfs",
        where: "/mnt/my-data",
        type: "tmpfs",
        options: "size=1M",
        mountConfig: { LazyUnmount: true },
      },
    ],
    automounts: [{ where: "/mnt/my-data", automountConfig: { TimeoutIdleSec: 5 } }],
    units: {
      "raw.service": { text: "[Service]\nExecStart=/bin/a" },
      "ssh.service": { wantedBy: ["x.target"] },
    },
  });
  const bodies = Object.fromEntries(
    Object.values(units).map(({ name, text }) => [
      name,
      text?.replace("# From modules/web.ts\n\n", "") ?? null,
    ]),
  );
  assert.deepEqual(bodies, {
    "g.target": "[Unit]\nDescription=Group\nWants=s.socket\n",
    "l.slice": "[Slice]\nCPUWeight=20\n",
    "mnt-my\\x2ddata.automount": "[Automount]\nWhere=/mnt/my-data\nTimeoutIdleSec=5\n",
    "mnt-my\\x2ddata.mount":
      "[Mount]\nWhat=tmpfs\nWhere=/mnt/my-data\nType=tmpfs\nOptions=size=1M\nLazyUnmount=yes\n",
    "p.path": "[Path]\nPathExists=/run/go\n",
    "raw.service": "[Service]\nExecStart=/bin/a\n",
    "s.socket": "[Socket]\nListenStream=80\nListenStream=[::1]:81\nListenDatagram=/run/d\nAccept=yes\n",
    "ssh.service": null,
    "t.timer": "[Timer]\nOnCalendar=daily\nOnCalendar=Mon 12:00\nPersistent=yes\n",
  });
});

test("times to start at become a timer of the service's own modules", () => {
  const { units } = unitsOf({
    services: { a: { script: "true", startAt: ["daily", "weekly"] }, b: { script: "true" } },
  });
  assert.equal(
    units["a.timer"]!.text,
    "# From modules/web.ts\n\n[Timer]\nOnCalendar=daily\nOnCalendar=weekly\n",
  );
  assert.deepEqual(units["a.timer"]!.links, ["timers.target.wants/a.timer"]);
  assert.equal(units["b.timer"], undefined);
});

test("every module that defines a unit is named, those whose condition does not hold are not", () => {
  const config = guestConfig(() => ({
    imports: [
      withFile("modules/a.ts", { config: { systemd: { services: { x: { script: "true" } } } } }),
      withFile("modules/b\n.ts", { config: { systemd: { services: { x: { description: "X" }, y: {} } } } }),
      withFile("modules/c.ts", { config: { systemd: { services: mkForce({ x: { script: "true" } }) } } }),
    ].slice(0, 2),
  }));
  const [x] = declaredUnits(config, (file) => file).filter(({ name }) => name === "x.service");
  assert.deepEqual(x!.definedIn, ["modules/a.ts", "modules/b\n.ts"]);
  assert.match(x!.text!, /^# From modules\/a\.ts, modules\/b\?\.ts\n\n\[Unit\]\n/);
});

test("variables of all services are systemd's own", () => {
  const { config } = unitsOf({ globalEnvironment: { TZ: "CET", A: 1 } });
  assert.deepEqual(
    unitSupportFiles(config, (file) => file),
    [
      {
        path: "etc/systemd/system.conf.d/microvm-environment.conf",
        type: "file",
        text: '[Manager]\nDefaultEnvironment="A=1" "TZ=CET"\n',
      },
    ],
  );
});
