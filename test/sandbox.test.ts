/** What a package's script can do while a layer is built: change the layer, and nothing else. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { buildDebianLayer, debianLayerRecipe } from "../src/guest/debian-layer.ts";
import { runInSandbox } from "../src/guest/sandbox.ts";
import { buildDeb } from "../src/packages/debian/testing.ts";
import { storePathName } from "../src/store/recipe.ts";
import { openStore } from "../src/store/store.ts";
import { guestProject, microvm, needsRoot, STORE_SHARE, temporaryDirectory } from "./support.ts";

/** Each line tells what succeeded that must not. */
const PROBES = `#!/bin/sh
cd /
exec 2>/dev/null
cut -d ' ' -f 2 /proc/self/mounts | sort >/mounts
grep ' /proc/' /proc/self/mounts | cut -d ' ' -f 4 | cut -d , -f 1-4 | sort -u >/settings
{
  [ "$(env | grep -v -e ^PATH=/usr/local/sbin: -e ^PWD=/ -e ^OLDPWD= -e ^SHLVL= -e ^_=)" = '' ] || echo environment
  [ "$(tr '\\0' '\\n' </proc/1/environ)" = "PATH=$PATH" ] || echo first-environment
  [ "$(uname -n)" = localhost ] || echo name-of-the-host
  [ -s /etc/resolv.conf ] && echo resolver
  date -s 2001-01-01 >/dev/null && echo clock
  echo x >/proc/sys/kernel/core_pattern && echo core_pattern
  echo b >/proc/sysrq-trigger && echo sysrq
  mknod /tmp/disk b 254 0 && echo mknod
  mount -t tmpfs tmpfs /mnt && echo mount
  chroot / true && echo chroot
  true </dev/tty && echo tty
  [ -e "$(cat /tmp/job/secret)" ] && echo host-file
  [ -d /sys/kernel ] && echo sysfs
  [ "$(ls -d /proc/[0-9]* | wc -l)" -lt 8 ] || echo processes
  [ "$(tail -n +3 /proc/net/dev | grep -vc ' lo:')" = 0 ] || echo network
  hostname of-the-host && echo hostname
  grep -q '^Cap\\(Inh\\|Amb\\):.*[1-9a-f]' /proc/self/status && echo inheritable
  cut -d : -f 3 /proc/self/cgroup | grep -v '^/$' >/cgroups
} >/succeeded
echo changed >/etc/changed
chown 1:1 /etc/changed
`;

/** All that is mounted in the sandbox, besides what lies below the second and third. */
const MOUNTS = ["/", "/dev", "/proc", "/run", "/tmp"];

/** The store path of a base layer. */
async function builtBase(): Promise<string> {
  const built = await microvm(["build", "--quiet", guestProject(`microvm: { ${STORE_SHARE} }`)]);
  assert.deepEqual([built.code, built.stderr], [0, ""]);
  const system = JSON.parse(
    readFileSync(join(built.stdout.trim(), "share/microvm/system/system.json"), "utf8"),
  );
  return join(
    dirname(built.stdout.trim()),
    system.layers.find((layer: string) => layer.endsWith("-base")),
  );
}

test("a package's script reaches the layer and nothing of the host", { skip: needsRoot }, async () => {
  const base = await builtBase();
  const directory = join(temporaryDirectory(), "a b\\c");
  mkdirSync(directory);
  const { upper, scratch } = places(directory);
  const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8");

  await runInSandbox({
    lowers: [base],
    upper,
    scratch,
    job: { run: PROBES, secret: import.meta.filename },
    signal: AbortSignal.timeout(30_000),
    onOutput: () => {},
  });

  assert.equal(readFileSync(join(upper, "succeeded"), "utf8"), "");
  const mounts = readFileSync(join(upper, "mounts"), "utf8").trim().split("\n");
  assert.deepEqual(mounts.filter((path) => !/^\/(dev|proc)\//.test(path)).sort(), MOUNTS);
  assert.equal(readFileSync(join(upper, "settings"), "utf8"), "ro,nosuid,nodev,noexec\n");
  assert.equal(readFileSync(join(upper, "etc/changed"), "utf8"), "changed\n");
  assert.equal(readFileSync("/proc/sys/kernel/core_pattern", "utf8"), pattern);
  assert.ok(!existsSync("/etc/changed"));
});

/** The capabilities of capability(7) that are left: chown 0, dac_override 1, fowner 3, fsetid 4, kill 5, setgid 6, … */
const LEFT = [0, 1, 3, 4, 5, 6, 7, 10, 31];

/** What only entering the sandbox needs: setpcap, sys_chroot. */
const TO_ENTER = [8, 18];

test("programs of a layer that the sandbox itself starts with have nothing more", {
  skip: needsRoot,
}, async () => {
  const base = await builtBase();
  const { upper, scratch } = places(temporaryDirectory());
  mkdirSync(join(upper, "usr/bin"), { recursive: true });
  const script = "#!/bin/sh\n{ sed -n 's/^CapEff:.//p' /proc/self/status; env; } >/found\n";
  writeFileSync(join(upper, "usr/bin/setpriv"), script, { mode: 0o755 });

  process.env.MICROVM_TEST_SECRET = "secret";
  const { signal } = new AbortController();
  await runInSandbox({ lowers: [base], upper, scratch, job: { run: "" }, signal, onOutput: () => {} });
  delete process.env.MICROVM_TEST_SECRET;

  const [capabilities, ...variables] = readFileSync(join(upper, "found"), "utf8").trim().split("\n");
  const allowed = [...LEFT, ...TO_ENTER].reduce((bits, one) => bits | (1n << BigInt(one)), 0n);
  assert.equal(BigInt(`0x${capabilities}`), allowed);
  assert.deepEqual(variables.map((line) => line.split("=")[0]).sort(), ["PATH", "PWD"]);
});

test("a layer whose links stand where the sandbox mounts is refused", { skip: needsRoot }, async () => {
  const base = await builtBase();
  const outside = temporaryDirectory();
  for (const name of ["proc", "dev", "tmp", "run"]) {
    const { upper, scratch } = places(temporaryDirectory());
    symlinkSync(outside, join(upper, name));
    let output = "";
    const { signal } = new AbortController();
    const onOutput = (chunk: Buffer) => {
      output += chunk;
    };
    await assert.rejects(
      runInSandbox({ lowers: [base], upper, scratch, job: { run: "" }, signal, onOutput }),
      {
        code: "build-failed",
      },
    );
    assert.equal(output, `/${name} is a link\n`);
  }
  assert.deepEqual(readdirSync(outside), []);
});

/** What a sandbox works with. */
function places(directory: string) {
  const [upper, scratch] = ["upper", "scratch"].map((name) => join(directory, name)) as [string, string];
  for (const path of [upper, scratch]) mkdirSync(path);
  return { upper, scratch };
}

/** A layer with one package, whose script is this, on a layer of the builder `base`. */
async function brokenLayer(postinst: string) {
  const deb = await buildDeb({ name: "broken", control: { postinst } });
  const common = { version: 1, params: {}, inputs: {} };
  const sha256 = createHash("sha256").update(deb).digest("hex");
  const debs = [{ ...common, kind: "deb", name: "broken_1.0-1_amd64.deb", fixed: { sha256 } }];
  const lowers = [{ ...common, kind: "base", name: "base" }];
  const params = { exclude: [], include: [], sourceDate: 0 };
  return { deb, layer: debianLayerRecipe("layer", debs, lowers, params, { architecture: "amd64" }) };
}

test("a package's script that fails is shown with the end of the log", { skip: needsRoot }, async () => {
  const base = await builtBase();
  const { deb, layer } = await brokenLayer(
    "#!/bin/sh\n[ ! -e /proc/self/fd/3 ] && seq 40\necho no luck >&2\nexit 9\n",
  );
  const store = openStore(join(temporaryDirectory(), "store"));
  const done: (number | undefined)[] = [];
  const realised = store.realise(layer, {
    builders: {
      base: async (job) => symlinkSync(base, job.out),
      deb: async (job) => writeFileSync(job.out, deb),
      "debian-layer": buildDebianLayer,
    },
    onEvent: (event) =>
      done.push(event.type === "progress" && event.note === "configuring" ? event.done : undefined),
  });
  const log = join(store.directory, ".logs", `${storePathName(layer)}.log`);
  await assert.rejects(realised, {
    code: "build-failed",
    message:
      /^Cannot configure the packages: the sandbox ended with exit status 1\n.*\n39\n40\nno luck\ndpkg: error processing package broken.*exit status 9\n/s,
    hint: `The lines above are the end of the build's log, "${log}"`,
  });
  assert.match(readFileSync(log, "utf8"), /^Setting up broken \(1\.0-1\) \.\.\.\n1\n2\n3\n/m);
  assert.ok(done.includes(0) && !done.includes(1));
});
