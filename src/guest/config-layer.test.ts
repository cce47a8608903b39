import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import type { BuildJob } from "../store/builder.ts";
import { buildConfigLayer, type ConfigLayer } from "./config-layer.ts";

const NOTHING: ConfigLayer = { entries: [], units: [], users: [], groups: [], owners: [] };
const file = (path: string) => ({ path, type: "file" as const, text: path });

/** Builds the layer on a lower one; gives the paths of both. */
async function build(
  test: TestContext,
  params: Partial<ConfigLayer>,
  prepare = (_lower: string) => {},
): Promise<{ readonly out: string; readonly lower: string }> {
  const directory = temporaryDirectory(test);
  const [out, lower] = [join(directory, "out"), join(directory, "lower")];
  mkdirSync(join(lower, "etc"), { recursive: true });
  for (const name of ["passwd", "shadow", "group", "gshadow"]) {
    writeFileSync(join(lower, "etc", name), "root:x:0:0:root:/root:/bin/bash\n");
  }
  prepare(lower);
  const job = { out, params: { ...NOTHING, ...params }, inputs: () => [lower] };
  await buildConfigLayer(job as unknown as BuildJob);
  return { out, lower };
}

const mode = (path: string) => statSync(path).mode & 0o7777;

test("directories keep the modes that they have below", async (t) => {
  const entries = [file("root/.profile"), file("tmp/deep/file"), file("etc/ssl/private/key")];
  const { out } = await build(t, { entries }, (lower) => {
    for (const [path, wanted] of [
      ["root", 0o700],
      ["tmp", 0o1777],
      ["etc/ssl/private", 0o710],
    ] as const) {
      mkdirSync(join(lower, path), { recursive: true });
      chmodSync(join(lower, path), wanted);
    }
  });
  assert.equal(mode(join(out, "root")), 0o700);
  assert.equal(mode(join(out, "tmp")), 0o1777);
  assert.equal(mode(join(out, "tmp/deep")), 0o755);
  assert.equal(mode(join(out, "etc/ssl/private")), 0o710);
});

const skip = process.getuid?.() === 0 ? false : "only root gives files away";

test("directories keep the owners that they have below", { skip }, async (t) => {
  const { out } = await build(t, { entries: [file("var/lib/db/seed")] }, (lower) => {
    mkdirSync(join(lower, "var/lib/db"), { recursive: true });
    chownSync(join(lower, "var/lib/db"), 110, 120);
  });
  const { uid, gid } = statSync(join(out, "var/lib/db"));
  assert.deepEqual([uid, gid], [110, 120]);
  assert.equal(statSync(join(out, "etc/shadow")).gid, 42);
});

test("shadowed account files are not for everyone", async (t) => {
  const { out } = await build(t, { groups: [{ name: "team", gid: 7, members: [] }] });
  assert.deepEqual(
    ["passwd", "group", "shadow", "gshadow"].map((name) => mode(join(out, "etc", name))),
    [0o644, 0o644, 0o640, 0o640],
  );
  assert.match(readFileSync(join(out, "etc/group"), "utf8"), /^team:x:7:$/m);
});

test("accounts are written for systemd-sysusers when that is asked for", async (t) => {
  const written = (params: Partial<ConfigLayer>) =>
    build(t, { groups: [{ name: "team", gid: 7, members: [] }], ...params }).then(({ out }) =>
      readFileSync(join(out, "etc/sysusers.d/microvm.conf"), "utf8"),
    );
  assert.equal(await written({ sysusers: true }), "# systemd.sysusers.enable\ng team 7\n");
  await assert.rejects(written({}), { code: "ENOENT" });
});

test("a directory in the place of a link is refused", async (t) => {
  const building = build(t, { entries: [file("bin/tool")] }, (lower) => {
    mkdirSync(join(lower, "usr/bin"), { recursive: true });
    symlinkSync("usr/bin", join(lower, "bin"));
  });
  await assert.rejects(building, {
    code: "config-invalid",
    message: `Cannot write below "/bin": it is a link to "usr/bin" in the guest's packages`,
    hint: "Use the directory that the link leads to",
  });
});

test("paths that lead out of the layer are refused", async (t) => {
  for (const path of ["../x", "etc/../../x", "/etc/x", "etc//x", "./x", ""]) {
    await assert.rejects(build(t, { entries: [file(path)] }), {
      message: `Not a path inside a tree: "${path}"`,
    });
  }
});

test("files belong to whom the option says, also to accounts that are declared beside them", {
  skip,
}, async (t) => {
  const users = [
    {
      ...{ name: "app", uid: 990, group: null, description: "", home: null, shell: null },
      ...{ hashedPassword: null, extraGroups: [], system: true },
    },
  ];
  const owners = [{ option: 'environment.etc."app.conf"', path: "etc/app.conf", user: "app", group: "+7" }];
  const { out } = await build(t, { entries: [file("etc/app.conf"), file("etc/other")], users, owners });
  const owner = (path: string) => [statSync(join(out, path)).uid, statSync(join(out, path)).gid];
  assert.deepEqual(owner("etc/app.conf"), [990, 7]);
  assert.deepEqual(owner("etc/other"), [0, 0]);
});

test("an owner that nobody is is an error that names the option", async (t) => {
  const owners = [
    { option: 'environment.etc."app.conf"', path: "etc/app.conf", user: "nobodi", group: "root" },
  ];
  await assert.rejects(build(t, { entries: [file("etc/app.conf")], owners }), {
    code: "config-invalid",
    message: '"environment.etc."app.conf".user" is "nobodi", and the guest has no such user',
    hint: 'Declare it in "users.users", or add the package that brings it',
  });
});
