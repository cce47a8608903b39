/**
 * Switches that fail at each of their steps, and that are killed at random instants: the generation before stays in
 * force, and the next switch succeeds. MICROVM_TEST_KILLS says how many kills (default 4); MICROVM_TEST_SEED, which.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomOf } from "../../src/module-system/testing/random.ts";
import { type Host, needsHosts, startHost } from "./container.ts";
import { deliver, hostProject, sleeper } from "./projects.ts";
import { assertSettled, assertUnitsOf, failure, isActive, link, STATE, switched } from "./state.ts";

const KILLS = Number(process.env.MICROVM_TEST_KILLS ?? 4);
const SEED = Number(process.env.MICROVM_TEST_SEED ?? 1);

/** A program of the host that fails the next time that it is told the word in /run/fail-PROGRAM. */
const failing = (program: string) => `#!/bin/sh
if [ -e /run/fail-${program} ] && [ "$1" = "$(cat /run/fail-${program})" ]; then
  rm /run/fail-${program}
  echo "fails on purpose" >&2
  exit 1
fi
exec /usr/bin/${program} "$@"
`;

const vm = (name: string, version: string) => `${name}: { pkgs, config: ${sleeper(version)} }`;
const before = hostProject(`{ vms: { ${vm("web", "1")}, ${vm("gone", "1")} } }`);
const after = hostProject(`{ vms: { ${vm("web", "2")}, ${vm("added", "1")} } }`);
const broken = hostProject(
  `{ vms: { ${vm("web", "2")}, added: { pkgs, config: { imports: [${sleeper("1")}], microvm: { preStart: mkBefore("exit 1") } } } } }`,
).replace("import { debian,", "import { debian, mkBefore,");

describe("a switch", { skip: needsHosts }, async () => {
  const host = needsHosts === false ? await startHost() : (undefined as unknown as Host);
  let runner = "";

  const assertFirstInForce = async () => {
    await assertUnitsOf(host, "1");
    assert.ok((await isActive(host, "web")) && (await isActive(host, "gone")));
    assert.ok(!(await isActive(host, "added")));
    assert.deepEqual([await link(host, "web/booted"), await link(host, "web/current")], [runner, runner]);
    assert.notEqual((await host.run(["test", "-e", `${STATE}/.generations/pending`])).code, 0);
    assert.doesNotMatch(await host.ok(["microvm", "generations"]), /\n/);
  };

  test("that fails at any step leaves the former generation in force", async () => {
    await deliver(host, before);
    await switched(host);
    runner = await link(host, "web/current");
    for (const program of ["systemctl", "systemd-sysusers"]) {
      await host.write(`/usr/local/bin/${program}`, failing(program));
      await host.ok(["chmod", "+x", `/usr/local/bin/${program}`]);
    }
    await deliver(host, after);
    const again = "; generation 1 is in force again\n";
    for (const verb of ["daemon-reload", "stop", "restart", "start"]) {
      await host.write("/run/fail-systemctl", verb);
      const text = await failure(host);
      assert.match(text, new RegExp(`^error: "systemctl ${verb}.*" failed: fails on purpose${again}`, "m"));
      await assertFirstInForce();
    }
    await host.write("/run/fail-systemd-sysusers", "/etc/sysusers.d/microvm.conf");
    assert.match(await failure(host), new RegExp(`fails on purpose${again}`));
    await assertFirstInForce();

    const obstacles = [
      [`${STATE}/added`, /^error: Cannot install "added" in ".*": EEXIST/m],
      ["/etc/systemd/system/microvm@added.service.d", /^error: Cannot write the host's units: E/m],
    ] as const;
    for (const [path, message] of obstacles) {
      await host.ok(["rm", "-rf", path]);
      await host.write(path, "");
      assert.match(await failure(host), message);
      await host.ok(["rm", path]);
      await assertFirstInForce();
    }

    await deliver(host, broken);
    assert.match(
      await failure(host),
      /^error: Not running after its start: "added"; generation 1 is in force again/m,
    );
    await assertFirstInForce();
  });

  test("that is killed at any instant is undone, by the next one or at boot", async (t) => {
    const random = randomOf(SEED);
    // The part of a switch in which it changes the machine.
    await deliver(host, after);
    const began = Date.now();
    await switched(host);
    const whole = Date.now() - began;
    let cut = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const generation = await host.ok(["readlink", `${STATE}/.generations/current`]);
      await deliver(host, kill % 2 === 0 ? before : after);
      const seconds = ((0.15 + 0.85 * (random(1000) / 1000)) * whole) / 1000;
      await host.run(["timeout", "--signal=KILL", seconds.toFixed(2), "microvm", "switch", "--yes"]);
      const isCut = (await host.run(["test", "-e", `${STATE}/.generations/pending`])).code === 0;
      t.diagnostic(`killed after ${seconds.toFixed(2)} s, ${isCut ? "in the middle" : "before or after"}`);
      if (isCut) {
        cut += 1;
        if (cut % 2 === 1) {
          await host.crash();
          await host.until(["sh", "-c", `[ ! -e ${STATE}/.generations/pending ]`]);
          await assertUnitsOf(host, generation);
          await host.until(["systemctl", "is-active", "--quiet", "microvm@web.service"]);
        }
      }
      await switched(host);
      await assertSettled(host);
    }
  });
});
