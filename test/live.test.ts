/** One guest that changes while it runs: what changes, what goes on, what is refused, and what goes back. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { execCollected, waitForAgent } from "../src/control/guest-agent.ts";
import { startMachine } from "../src/control/machine-process.ts";
import { consoleLines } from "../src/control/terminal.ts";
import { MicrovmError } from "../src/errors.ts";
import { changeGuest } from "../src/live/change-guest.ts";
import { guestProject, microvm, temporaryDirectory } from "./support.ts";

/** Seconds that the guest may take to come up. */
const BOOT_TIME = 300;

const service = (script: string, more = "") =>
  `{ wantedBy: ["multi-user.target"], script: ${JSON.stringify(script)}, ${more} }`;

const SERVICES = {
  steady: service("exec sleep infinity"),
  changing: service("echo one >/run/changing; exec sleep infinity"),
  old: service("exec sleep infinity", 'preStop: "touch /run/old-stopped"'),
  lazy: service("echo one >/run/lazy; exec sleep infinity", "restartIfChanged: false"),
};

/** A guest with these services, and definitions beside them. */
function config(services: Readonly<Record<string, string>>, more = "", microvm = ""): string {
  const all = Object.entries(services).map(([name, text]) => `${JSON.stringify(name)}: ${text}`);
  return `
    microvm: { interfaces: [{ type: "user", id: "net0" }], ${microvm} },
    systemd: { services: { ${all.join(", ")} } },
    ${more}
  `;
}

const { old: _, ...REST } = SERVICES;
const NEXT = {
  ...REST,
  changing: service("echo two >/run/changing; exec sleep infinity"),
  lazy: service("echo two >/run/lazy; exec sleep infinity", "restartIfChanged: false"),
  fresh: service("echo fresh >/run/fresh; exec sleep infinity"),
};
const FIRST_MORE =
  'environment: { etc: { version: { text: "1" }, mine: { text: "1" }, gone: { text: "1" } } },';
const NEXT_MORE = `
  environment: { etc: { version: { text: "2" }, mine: { text: "2" } }, files: { "/usr/share/added/deep": { text: "added" } } },
  networking: { firewall: { allowedTCPPorts: [8080] } },
  boot: { kernel: { sysctl: { "vm.swappiness": 7 } } },
  users: { users: { zoe: { isNormalUser: true, extraGroups: ["adm"] } } },
`;

const directory = guestProject(config(SERVICES, FIRST_MORE));
const file = join(directory, "microvm.config.ts");
const source = readFileSync(file, "utf8");

/** Builds the guest with another configuration; gives its runner. */
async function build(text: string): Promise<string> {
  writeFileSync(
    file,
    source.replace(config(SERVICES, FIRST_MORE), () => text),
  );
  const { stdout, stderr, code } = await microvm(["build", "--quiet", directory]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

describe("a running guest", async () => {
  const place = temporaryDirectory();
  const first = await build(config(SERVICES, FIRST_MORE));
  const begun = performance.now();
  const machine = await startMachine(first, place);
  after(async () => {
    machine.kill();
    await machine.exited;
  });
  const early = machine.exited.then(() => {
    throw new Error(`The guest ended:\n${consoleLines(machine.consoleTail(), 20)}`);
  });
  early.catch(() => {});
  const signal = AbortSignal.timeout(BOOT_TIME * 1000);
  const agent = await Promise.race([waitForAgent(machine.facts.agentSocket!, signal), early]);
  after(() => agent[Symbol.dispose]());

  /** What a shell in the guest prints. */
  const sh = async (script: string) => {
    const { stdout, stderr } = await execCollected(agent, ["/bin/sh", "-c", script]);
    return `${stdout}${stderr}`.trim();
  };
  assert.equal(await sh("systemctl is-system-running --wait"), "running", await sh("systemctl --failed"));
  const booted = (performance.now() - begun) / 1000;
  const pidOf = (unit: string) => sh(`systemctl show -p MainPID --value ${unit}`);
  const pids = {
    steady: await pidOf("steady"),
    lazy: await pidOf("lazy"),
    agent: await pidOf("qemu-guest-agent"),
  };
  const becomes = (next: string, from: string) =>
    changeGuest({ name: "guest", agent, booted: from, perhaps: [], next }, AbortSignal.timeout(300_000));
  /** The error that a change ends with. */
  const refusal = async (next: string, from: string) => {
    const error = await becomes(next, from).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof MicrovmError, String(error));
    return `${error.code}: ${error.message}`;
  };
  let second = "";

  test("becomes what another runner would boot, without a reboot", async (t) => {
    // An id that no declared account gets.
    await sh("echo changed by hand >/etc/mine; useradd --uid 2000 runtime");
    second = await build(config(NEXT, NEXT_MORE));
    const start = performance.now();
    const { later, kept } = await becomes(second, first);
    t.diagnostic(
      `changed in ${((performance.now() - start) / 1000).toFixed(1)} s; its start took ${booted.toFixed(1)} s`,
    );
    assert.deepEqual(later, ["lazy.service"]);
    assert.deepEqual(kept, ["/etc/mine was changed in the guest; its own is now /etc/mine.microvm-old"]);

    assert.equal(
      await sh("cat /etc/version /etc/mine /etc/mine.microvm-old; ls /etc/gone"),
      "22changed by hand\nls: cannot access '/etc/gone': No such file or directory",
    );
    assert.equal(
      await sh("cat /run/changing /run/fresh /run/lazy /usr/share/added/deep"),
      "two\nfresh\none\nadded",
    );
    assert.equal(
      await sh("systemctl is-active changing fresh old; ls /run/old-stopped"),
      "active\nactive\ninactive\n/run/old-stopped",
    );
    assert.equal(
      await sh("id zoe | tr -d ' '; stat -c '%U %a' /home/zoe; id -un runtime"),
      "uid=1000(zoe)gid=100(users)groups=100(users),4(adm)\nzoe 700\nruntime",
    );
    assert.match(await sh("nft list chain inet firewall input-allow"), /tcp dport 8080 accept/);
    assert.equal(await sh("cat /proc/sys/vm/swappiness; systemctl is-system-running"), "7\nrunning");
    assert.deepEqual(
      { steady: await pidOf("steady"), lazy: await pidOf("lazy"), agent: await pidOf("qemu-guest-agent") },
      pids,
    );
  });

  test("goes back by itself when something does not come up", async () => {
    const broken = {
      ...NEXT,
      changing: service("echo three >/run/changing; exec sleep infinity"),
      broken: service("echo it is broken; exit 3", 'serviceConfig: { Type: "oneshot" }'),
    };
    const third = await build(config(broken, NEXT_MORE.replace('text: "2"', 'text: "3"')));
    assert.match(
      await refusal(third, second),
      /^live-failed: "guest" went back to its former configuration: the unit broken\.service did not start; .*it is broken/,
    );
    const looping = {
      ...NEXT,
      looping: service("exit 4", 'serviceConfig: { Restart: "always", RestartSec: 60 }'),
    };
    assert.match(
      await refusal(await build(config(looping, NEXT_MORE)), second),
      /the unit looping\.service fails again and again/,
    );
    const checked = config(
      NEXT,
      NEXT_MORE,
      'liveChange: { check: "echo no answer from $(cat /etc/version)\\nfalse\\n" }',
    );
    assert.match(
      await refusal(await build(checked), second),
      /microvm\.liveChange\.check failed: no answer from 2$/,
    );
    assert.equal(
      await sh(
        "cat /etc/version /run/changing; systemctl is-active changing fresh; ls /etc/systemd/system/broken.service",
      ),
      "2two\nactive\nactive\nls: cannot access '/etc/systemd/system/broken.service': No such file or directory",
    );
    assert.equal(await sh("systemctl is-system-running; cat /usr/share/added/deep"), "running\nadded");
    assert.equal(await pidOf("steady"), pids.steady);
  });

  test("goes back when its change is cut off, also when nobody waits for it", async () => {
    const waiting = config(
      NEXT,
      NEXT_MORE.replace('text: "2"', 'text: "4"'),
      'liveChange: { check: "touch /run/checking; exec sleep 100" }',
    );
    const changing = refusal(await build(waiting), second);
    // A look takes the guest's processor from the change.
    await sh("for i in $(seq 120); do [ -e /run/checking ] && break; sleep 1; done");
    assert.equal(await sh("cat /etc/version"), "4");
    assert.match(await refusal(second, first), /^live-failed: "guest" cannot begin a change: .*microvm-live/);
    await sh("systemctl kill --signal=KILL --kill-whom=main microvm-live.service");
    assert.match(
      await changing,
      /^live-failed: "guest" went back .*: the change was cut off while running microvm\.liveChange\.check \(signal\)$/,
    );
    assert.equal(await sh("cat /etc/version"), "2");
  });

  test("is refused what needs a reboot, with the option that does", async () => {
    const volume = 'volumes: [{ image: "data.img", mountPoint: "/data", size: 16 }]';
    assert.match(
      await refusal(await build(config(NEXT, NEXT_MORE, volume)), second),
      /^reboot-needed: "guest" cannot be changed while it runs: .*"microvm\.volumes"/,
    );
    assert.match(
      await refusal(await build(config(NEXT, NEXT_MORE, "mem: 768")), second),
      /"microvm\.mem": 512 becomes 768$/,
    );
  });

  test("knows what it has become, and goes on from there", async () => {
    // A host that missed the end of the first change.
    assert.deepEqual(
      await changeGuest({ name: "guest", agent, booted: first, perhaps: [second], next: second }),
      { later: [], kept: [] },
    );
    await becomes(first, second);
    assert.equal(
      await sh("cat /etc/version /etc/gone /run/changing; ls /usr/share/added/deep"),
      "11one\nls: cannot access '/usr/share/added/deep': No such file or directory",
    );
    assert.equal(
      await sh("systemctl is-active old fresh; id zoe 2>&1; id -un runtime"),
      "active\ninactive\nid: ‘zoe’: no such user\nruntime",
    );
    assert.doesNotMatch(await sh("nft list ruleset"), /8080/);
    // Each of the changes wrote below /usr, or tried to.
    assert.equal(
      await sh("grep -c ' /usr ' /proc/mounts; ls /usr/share/added"),
      "1\nls: cannot access '/usr/share/added': No such file or directory",
    );
    assert.equal(await pidOf("steady"), pids.steady);
  });
});
