/** Units of every kind in one booted guest, and units that are refused before anything boots. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { guestProject, microvm, STORE_SHARE } from "./support.ts";

const UNITS = `
  microvm: { ${STORE_SHARE} },
  systemd: {
    globalEnvironment: { EVERYWHERE: "yes", DROPPED: "no" },
    services: {
      worker: {
        description: "Works",
        wantedBy: ["multi-user.target"],
        environment: { WHOM: "the 100% \\"world\\"", DROPPED: null },
        path: ["/opt/tool/bin"],
        serviceConfig: { Type: "oneshot", RemainAfterExit: true, RuntimeDirectory: "worker" },
        preStart: "echo before >/run/worker/log\\n",
        script: 'echo "main $1 $WHOM \${EVERYWHERE-} \${DROPPED-none} $(of-our-own)" >>/run/worker/log\\n',
        scriptArgs: "%p",
        postStart: "echo after >>/run/worker/log\\n",
        startAt: "daily",
      },
      failing: {
        wantedBy: ["multi-user.target"],
        onFailure: ["rescuer.service"],
        serviceConfig: { Type: "oneshot" },
        script: "false\\necho unreachable >/run/unreachable\\n",
      },
      rescuer: { serviceConfig: { Type: "oneshot" }, script: "touch /run/rescued\\n" },
      "qemu-guest-agent": { environment: { FROM_DROP_IN: "yes" } },
      "systemd-tmpfiles-clean": { enable: false },
      "work@": { serviceConfig: { Type: "oneshot" }, script: 'echo "$SIZE $1" >/run/work-$1\\n', scriptArgs: "%i" },
      "work@a": { wantedBy: ["multi-user.target"], environment: { SIZE: "big" } },
      "echo@": { serviceConfig: { ExecStart: "/usr/bin/cat", StandardInput: "socket", StandardOutput: "socket" } },
      inbox: { serviceConfig: { Type: "oneshot" }, script: "touch /run/inbox-done\\n" },
    },
    sockets: { echo: { wantedBy: ["sockets.target"], listenStreams: ["127.0.0.1:7000"], socketConfig: { Accept: true } } },
    paths: { inbox: { wantedBy: ["multi-user.target"], pathConfig: { PathExists: "/run/go", Unit: "inbox.service" } } },
    mounts: [{ what: "tmpfs", where: "/mnt/scratch-1", type: "tmpfs", options: "size=1M", wantedBy: ["local-fs.target"] }],
    targets: { mine: { wantedBy: ["multi-user.target"], aliases: ["ours.target"] } },
    units: { "raw.service": { text: "[Service]\\nType=oneshot\\nExecStart=/usr/bin/touch /run/raw\\n", requiredBy: ["mine.target"] } },
  },
  environment: {
    files: { "/opt/tool/bin/of-our-own": { text: "#!/bin/sh\\necho tool\\n", mode: "0755" } },
  },
`;

/** Prints one line for each thing to look at. */
const PROBES = `
  systemctl is-system-running --wait
  cat /run/worker/log
  ls /run/rescued /run/unreachable 2>&1
  cat /run/work-a
  systemctl show --value -p Environment qemu-guest-agent.service
  systemctl show --value -p DropInPaths qemu-guest-agent.service
  systemctl is-enabled systemd-tmpfiles-clean.service
  systemctl list-timers --no-legend worker.timer | grep -o 'worker.timer *worker.service' | tr -s ' '
  bash -c 'exec 3<>/dev/tcp/127.0.0.1/7000; echo hello >&3; read -r answer <&3; echo "$answer"'
  ls /run/inbox-done 2>&1; touch /run/go; for i in $(seq 50); do [ -e /run/inbox-done ] && break; sleep 0.2; done; ls /run/inbox-done
  grep ' /mnt/scratch-1 ' /proc/mounts | grep -o 'tmpfs .*,size=1024k'
  systemctl is-active ours.target
  ls /run/raw
  systemctl get-default
  head -2 /etc/systemd/system/worker.service
`;

const ANSWERS = `degraded
before
main worker the 100% "world" yes none tool
after
ls: cannot access '/run/unreachable': No such file or directory
/run/rescued
big a
FROM_DROP_IN=yes
/etc/systemd/system/qemu-guest-agent.service.d/microvm.conf /etc/systemd/system/qemu-guest-agent.service.d/overrides.conf
masked
worker.timer worker.service
hello
ls: cannot access '/run/inbox-done': No such file or directory
/run/inbox-done
tmpfs /mnt/scratch-1 tmpfs rw,relatime,size=1024k
active
/run/raw
multi-user.target
# From microvm.config.ts

`;

test("units of every kind do in a guest what they say", async () => {
  const { stdout, stderr, code } = await microvm(["run", guestProject(UNITS), "--exec", PROBES]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, ANSWERS);
});

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
