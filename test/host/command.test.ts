/** The `microvm` command on a systemd host, as a person uses it: from a first VM to the last one's removal. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Host, needsHosts, startHost } from "./container.ts";
import { deliver } from "./projects.ts";

const STATE = "/var/lib/microvms";

/** Guests whose hypervisor is never started: a program of the host sleeps, or ends, in its place below the real units. */
const guest = (version: string, preStart: string, more = "") => `{
  microvm: {
    ${more}
    shares: [{ source: "/var/lib/microvm/store", mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" }],
    preStart: ${JSON.stringify(preStart)},
  },
  environment: { etc: { version: { text: "${version}" } } },
}`;
/** Says that it is up, where systemd waits for that. */
const sleeping = (version: string) =>
  guest(
    version,
    `echo awake ${version}; [ -z "\${NOTIFY_SOCKET:-}" ] || systemd-notify --ready; exec sleep infinity`,
  );

const projectOf = (hosts: string, microvms: string) => `
  import { debian, defineProject } from "microvm";
  const pkgs = debian({ suite: "trixie", architecture: "amd64" });
  void pkgs;
  export default defineProject({ hosts: ${hosts}, microvms: ${microvms} });
`;
const hostWith = (vms: string) => projectOf(`{ default: { microvm: { vms: ${vms} } } }`, "{}");
const guests = (version: string) =>
  projectOf(
    "{}",
    `{
      web: { pkgs, config: ${sleeping(version)} },
      once: { pkgs, config: ${guest(version, "echo this is all; exit 0", "vsock: { cid: 9 },")} },
    }`,
  );

describe("the command", { skip: needsHosts }, async () => {
  const host = needsHosts === false ? await startHost() : (undefined as unknown as Host);
  const microvm = async (line: string) => {
    const { code, stdout, stderr } = await host.microvm(line.split(" "));
    return { code, stdout, stderr };
  };
  const ok = (line: string) => host.ok(["microvm", ...line.split(" ")]);
  const fails = async (line: string, message: string, hint = "") => {
    const { code, stderr } = await microvm(line);
    assert.equal(code, 1, `${line}: ${stderr}`);
    assert.ok(stderr.includes(`error: ${message}`) && stderr.includes(`hint: ${hint}`), stderr);
    return stderr;
  };
  const runner = (name: string, link = "current") => host.ok(["readlink", `${STATE}/${name}/${link}`]);
  const isActive = async (name: string) =>
    (await host.run(["systemctl", "is-active", "--quiet", `microvm@${name}`])).code === 0;

  test("says that a machine is no host yet, and what makes it one", async () => {
    assert.equal(await ok("list"), "");
    await deliver(host, guests("1"), "/srv/guests");
    await fails(
      "create web -f /srv/guests --quiet",
      'This machine is no host of VMs yet: there is no "microvm@.service" in "/etc/systemd/system"',
      'Make it one with "microvm switch"',
    );
    const doctor = await microvm("doctor --json");
    const { findings } = JSON.parse(doctor.stdout);
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.match(findings.find(({ what }: { what: string }) => what === "systemd").found, /^version \d/);
    await deliver(host, hostWith(`{ declared: { pkgs, config: ${sleeping("1")}, autostart: false } }`));
    await ok("switch --yes --quiet");
  });

  test("creates a VM and starts it", async () => {
    assert.match(
      await ok("-c web -f /srv/guests"),
      /^Created "web" from "path:\/srv\/guests"\. Start it: microvm start web$/,
    );
    assert.equal(await host.ok(["cat", `${STATE}/web/flake`]), "path:/srv/guests");
    assert.equal(await host.ok(["stat", "-c", "%U:%G %a", `${STATE}/web`]), "root:microvm 1770");
    for (const name of ["web", "declared"]) {
      const { stderr, code } = await microvm(`create ${name} -f /nowhere`);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^error: (There is a VM "web" already|This host declares a VM "declared" already)/,
      );
    }
    const id = (await runner("web")).slice("/var/lib/microvm/store/".length, -1).slice(0, 8);
    assert.match(
      await ok("list"),
      new RegExp(`^web: current\\(${id}\\), not booted: microvm start web$`, "m"),
    );
    assert.match(await ok("start web"), /^web: started$/);
    assert.match(await ok("-l"), new RegExp(`^web: current\\(${id}\\)$`, "m"));
    assert.equal(await host.ok(["ps", "-o", "user=", "-C", "sleep"]), "microvm");
    const { code, stdout } = await microvm("status web --json");
    const [status] = JSON.parse(stdout);
    assert.deepEqual([code, status.active, status.answers, status.state], [1, "active", false, "current"]);
    assert.ok(status.mainPid > 1 && Date.parse(status.since) > 0, stdout);
    assert.match(
      (await microvm("status web")).stdout,
      /^ {2}state {5}active \(running\), guest not answering$/m,
    );
    assert.match(await ok("logs web --lines 100"), /awake 1/);
  });

  test("updates it from its reference, and restarts it when it is told to", async () => {
    const first = await runner("web");
    assert.match(
      await ok("update web --quiet"),
      /^web: unchanged: path:\/srv\/guests gives what is installed$/,
    );
    await deliver(host, guests("2"), "/srv/guests");
    assert.match(
      await ok("list --check"),
      /^web: outdated\(\w{8}\), rebuild\(\w{8}\) and reboot: microvm update --restart web$/m,
    );
    const { restart, update } = JSON.parse(await ok("diff web --json --quiet"));
    assert.equal(restart, null);
    assert.equal(`/var/lib/microvm/store/${update.before}`, first);
    assert.equal(await runner("web"), first);
    const text = await ok("update web --quiet");
    assert.match(text, /^web: updated from path:\/srv\/guests\n/);
    assert.match(text, /^ {2}web-config: \d+ files? differs?/m);
    assert.match(text, /^web: restart it to run that: microvm restart web$/m);
    assert.match(await ok("list"), /^web: stale\(\w{8}\), reboot\(\w{8}\): microvm restart web$/m);
    assert.match(await ok("diff web --restart"), /^A restart would change \S+ to \S+:\n/);
    assert.match(await ok("-Ru web"), /^web: unchanged[^\n]*\nweb: restarts$/);
    assert.equal(await runner("web", "booted"), await runner("web"));
    assert.equal(await runner("web", "old"), first);
    await fails(
      "update declared web",
      '"declared" is declared with its whole "config", and has no reference',
      'Change the declaration and run "microvm switch"',
    );
  });

  test("follows a repository, by commits", async () => {
    const commit = "git add --all && git -c user.name=t -c user.email=t@t commit --quiet --message=change";
    const script = `cp -r /srv/guests /srv/git && cd /srv/git && git init --quiet && ${commit}`;
    await host.ok(["sh", "-ec", script]);
    await ok("create again -f git+file:///srv/git#web --quiet");
    assert.match(await ok("list --check"), /^again: current\(\w{8}\), not booted/m);
    await deliver(host, guests("3"), "/srv/guests");
    await host.ok(["sh", "-ec", `cp /srv/guests/* /srv/git && cd /srv/git && ${commit}`]);
    const now = await host.ok(["git", "-C", "/srv/git", "rev-parse", "HEAD"]);
    const outdated = new RegExp(
      `^again: outdated\\(\\w{8}\\), rebuild\\(${now.slice(0, 8)}\\) and reboot`,
      "m",
    );
    assert.match(await ok("list --check"), outdated);
    const [again, web] = JSON.parse(await ok("update again web --json --quiet"));
    assert.deepEqual([again.rev, again.restart, web.rev, web.restart], [now, "none", null, "needed"]);
    assert.match(await ok("list --check"), /^again: current/m);
    const pinned = await microvm(`create pinned -f git+file:///srv/git?rev=${now}#web --quiet`);
    assert.match(pinned.stderr, /^warning: "pinned" is pinned to the commit "\w+" by its reference/);
    assert.match(await ok("remove pinned again"), /^Removed "pinned"\nRemoved "again"$/);
  });

  test("runs an installed VM in the foreground, and tells why one does not start", async () => {
    await ok("create once -f /srv/guests --quiet");
    await fails(
      "create twin -f /srv/guests#once --quiet",
      '"twin" and "once" of one host have the vsock cid 9',
      'Change that in the project of "twin", or remove the other VM',
    );
    const { code, stdout } = await microvm("-r once");
    assert.deepEqual([code, stdout], [0, "this is all\n"]);
    assert.equal((await host.run(["test", "-h", `${STATE}/once/booted`])).code, 1);
    assert.equal(await host.ok(["find", `${STATE}/once`, "-type", "s"]), "");
    await fails("-r web", '"web" runs already', "Stop it first: microvm stop web");
    const why = await fails("start once", '"once" did not start', "See all of it: microvm logs once");
    assert.match(why, /; the end of its journal:\n/);
    assert.match(why, /^this is all$/m);
    await ok("stop once");
    await host.ok(["ln", "-sfn", "/var/lib/microvm/store/gone", `${STATE}/once/current`]);
    assert.match(
      await ok("list"),
      /^once: broken, its runner "gone" is gone from the store: microvm update once$/m,
    );
    await fails(
      "start once",
      '"once" cannot start: its runner "gone" is gone from the store',
      "Run: microvm update once",
    );
    await ok("update once --quiet");
    assert.match(await ok("list"), /^once: current/m);
  });

  test("removes VMs so that nothing brings them back, and keeps their volumes until it is told", async () => {
    await fails(
      "remove declared",
      'This host declares "declared": the next switch would make it again',
      'Take "microvm.vms.declared" out',
    );
    await host.ok(["systemctl", "add-wants", "multi-user.target", "microvm@web.service"]);
    await host.write(`${STATE}/web/data.img`, "volume\n");
    assert.equal(await ok("remove web once"), `Removed "web"\nRemoved "once"\nLeft: ${STATE}/web/data.img`);
    assert.ok(!(await isActive("web")));
    assert.equal(await host.ok(["ls", "-A", `${STATE}/web`]), "data.img");
    assert.equal(
      await host.ok(["systemctl", "list-units", "--all", "--plain", "--no-legend", "microvm*@web*"]),
      "",
    );
    assert.equal(
      (await host.run(["test", "-h", "/etc/systemd/system/multi-user.target.wants/microvm@web.service"]))
        .code,
      1,
    );
    assert.notEqual((await host.run(["systemctl", "start", "microvm@web"])).code, 0);
    assert.match(await ok("list"), /^web: broken, its directory has no runner: microvm remove web$/m);
    const again = await microvm("create web -f /srv/guests");
    assert.match(again.stderr, /^warning: "web" uses what is in its directory already: "data\.img"$/m);
    assert.equal(await ok("remove web --purge --yes"), 'Removed "web"');
    assert.equal((await host.run(["test", "-e", `${STATE}/web`])).code, 1);
  });

  test("tells of a VM that its host no longer declares, and removes it", async () => {
    await ok("start declared");
    await deliver(host, hostWith("{}"));
    await ok("switch --yes --quiet");
    assert.match(
      await ok("list"),
      /^declared: current\(\w{8}\), not booted(, failed)?, orphaned: microvm remove declared$/m,
    );
    await fails("update declared", '"declared" is declared', "No host declares it any more");
    await ok("remove declared");
    assert.equal(await ok("list"), "");
    await fails("start web", `There is no VM "web" in "${STATE}"`, "No VM is installed");
  });
});
