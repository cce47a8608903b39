import assert from "node:assert/strict";
import { test } from "node:test";
import { guestConfig } from "../options/testing/evaluate.ts";
import { debian, ubuntu } from "../packages/debian/package-set.ts";
import { HOST, SET, STORE, STORE_SHARE } from "./testing/planned-vm.ts";
import { usesDisks, wishesOf } from "./wishes.ts";

/** What is wanted, by the key of each request. */
// biome-ignore lint/suspicious/noExplicitAny: a module of a guest
function wantedBy(module: any, set = SET) {
  const { guest, tools } = wishesOf(guestConfig(module), set, HOST);
  const byKey = (requests: typeof guest.requests = []) =>
    Object.fromEntries(requests.map(({ key, wanted }) => [key, wanted]));
  return { guest: byKey(guest.requests), tools: tools && byKey(tools.requests), toolSet: tools?.set };
}

test("a guest gets the kernel for virtual machines of its architecture, or the one that it names", () => {
  assert.deepEqual(wantedBy({}).guest.kernel, ["linux-image-cloud-amd64"]);
  const arm64 = debian({ suite: "trixie", architecture: "arm64" });
  assert.deepEqual(wantedBy({}, arm64).guest.kernel, ["linux-image-cloud-arm64"]);
  const named = { boot: { kernelPackage: "linux-image-amd64" } };
  assert.deepEqual(wantedBy(named).guest.kernel, ["linux-image-amd64"]);
});

test("what is not known for an architecture is said, with the option that helps", () => {
  const riscv64 = debian({ suite: "trixie", architecture: "riscv64" });
  assert.throws(() => wantedBy({}, riscv64), {
    code: "unsupported",
    message: 'No kernel is known for the architecture "riscv64"',
    hint: 'Name one with "boot.kernelPackage"',
  });
  assert.throws(() => wantedBy({ boot: { kernelPackage: "linux-image-riscv64" } }, riscv64), {
    code: "unsupported",
    message: 'QEMU\'s package for "riscv64" is not known',
  });
});

test("packages are a layer of their own when there are any beyond the base", () => {
  assert.equal(wantedBy({}).guest.packages, undefined);
  assert.equal(wantedBy({ environment: { packages: ["systemd"] } }).guest.packages, undefined);
  const { guest } = wishesOf(guestConfig({ environment: { packages: ["jq", "systemd"] } }), SET, HOST);
  const [base, packages] = guest.requests;
  assert.deepEqual([base!.key, base!.essential], ["base", true]);
  assert.deepEqual([packages!.wanted, packages!.on], [["jq"], "base"]);
  const both = wantedBy({ environment: { packages: ["jq", "cron"] }, services: { cron: { enable: true } } });
  assert.deepEqual([both.guest.services, both.guest.packages], [["cron"], ["cron", "jq"]]);
  assert.equal(wantedBy({ services: { cron: { enable: true } } }).guest.packages, undefined);
});

test("a kernel is a package by its name, and with a slash the project's own file", () => {
  assert.deepEqual(wantedBy({ microvm: { kernel: "linux-image-amd64" } }).guest.kernel, [
    "linux-image-amd64",
  ]);
  assert.equal(wantedBy({ microvm: { kernel: "./bzImage" } }).guest.kernel, undefined);
});

test("QEMU and virtiofsd come from the packages that the guest names", () => {
  const { tools } = wantedBy({ microvm: { qemu: { package: "my-qemu" }, virtiofsd: { package: "my-fs" } } });
  assert.deepEqual(tools!.qemu, ["my-qemu", "socat", "my-fs"]);
});

test("tools are wanted only when something needs them", () => {
  const keys = (microvm: object) => Object.keys(wantedBy({ microvm }).tools!).sort();
  assert.deepEqual(keys({ shares: [STORE_SHARE] }), ["build-tools", "qemu"]);
  assert.deepEqual(keys({}), ["build-tools", "erofs-utils", "qemu"]);
  assert.deepEqual(keys({ storeDiskType: "squashfs" }), ["build-tools", "qemu", "squashfs-tools"]);
  const volumes = [{ image: "a", size: 1 }];
  assert.deepEqual(keys({ shares: [STORE_SHARE], volumes }), ["build-tools", "e2fsprogs", "qemu"]);
  const existing = [{ image: "a", size: 1, autoCreate: false }];
  assert.deepEqual(keys({ shares: [STORE_SHARE], volumes: existing }), ["build-tools", "qemu"]);
  const kinds = [
    { image: "a", size: 1, imageType: "qcow2", autoCreate: false },
    ...["xfs", "btrfs", "vfat"].map((fsType) => ({ image: fsType, size: 300, fsType })),
  ];
  const packages = ["btrfs-progs", "build-tools", "dosfstools", "qemu", "qemu-utils", "xfsprogs"];
  assert.deepEqual(keys({ shares: [STORE_SHARE], volumes: kinds }), packages);
});

test("tools come from the stable suite for the host's architecture, by the guest's mirror", () => {
  const mirror = "https://mirror.example.org/debian";
  const guestSet = debian({ suite: "bookworm", architecture: "arm64", mirror });
  const { tools, toolSet } = wantedBy({}, guestSet);
  assert.deepEqual(toolSet, debian({ suite: "trixie", architecture: "amd64", mirror }));
  assert.equal(tools!.qemu![0], "qemu-system-arm");
  assert.deepEqual(wantedBy({}).toolSet, SET);
});

test("tools are the distribution's own, whatever else the guest's set has", () => {
  const { suite, architecture } = SET;
  const mirror = "https://mirror.example.org/debian";
  const own = { mirror, security: "https://s.example.org/debian-security" };
  const repositories = { other: { mirror, suite: "x", keyring: "./x.asc" } };
  const others = {
    repositories,
    forbid: ["qemu*"],
    hold: ["socat"],
    packages: ["./a.deb"],
    recommends: true,
  };
  const { toolSet } = wantedBy({}, debian({ suite, architecture, ...own, ...others }));
  assert.deepEqual(toolSet, debian({ suite, architecture, ...own }));
  const without = { ...own, security: false };
  assert.equal(
    wantedBy({}, debian({ suite: "bookworm", architecture, ...without })).toolSet?.security,
    false,
  );
  assert.equal(wantedBy({}, debian({ suite: "sid", architecture, mirror })).toolSet?.security, true);
});

test("Ubuntu's guests have Ubuntu's kernel, and Debian's tools", () => {
  const questing = ubuntu({ suite: "questing", architecture: "amd64" });
  const { guest, toolSet } = wantedBy({}, questing);
  assert.deepEqual(guest.kernel, ["linux-image-virtual"]);
  assert.deepEqual(toolSet, SET);
});

test("what is recommended is installed in guests whose set says so, and nowhere else", () => {
  const set = debian({ suite: "trixie", architecture: "amd64", recommends: true });
  const config = guestConfig({ environment: { packages: ["nginx"] } });
  const { guest, tools } = wishesOf(config, set, HOST);
  const recommending = guest.requests.filter(({ recommends }) => recommends).map(({ key }) => key);
  assert.deepEqual(recommending, ["base", "packages"]);
  assert.ok(tools!.requests.every(({ recommends }) => !recommends));
});

test("tools come from the set that is named, or from the host", () => {
  const sid = debian({ suite: "sid", architecture: "amd64" });
  assert.deepEqual(wantedBy({ microvm: { vmHostPackages: sid } }).toolSet, sid);
  assert.equal(wantedBy({ microvm: { vmHostPackages: "host" } }).tools, undefined);
});

test("layers are disks unless the store is shared", () => {
  const uses = (microvm: object) => usesDisks(guestConfig({ microvm }), STORE);
  assert.equal(uses({}), true);
  assert.equal(uses({ shares: [{ ...STORE_SHARE, source: "/srv" }] }), true);
  assert.equal(uses({ shares: [STORE_SHARE] }), false);
  assert.equal(uses({ shares: [{ ...STORE_SHARE, tag: "a" }], storeOnDisk: true }), true);
});

test("a guest that nothing brings its layers to is refused", () => {
  assert.throws(() => usesDisks(guestConfig({ microvm: { storeOnDisk: false } }), STORE), {
    code: "config-invalid",
    message: `"microvm.storeOnDisk" is false, and no share has the store "${STORE}" as its source: nothing brings the guest's layers`,
  });
});

test("a guest of another architecture than the host's needs an emulator to be built, and QEMU for it", () => {
  const arm64 = wantedBy({}, debian({ suite: "trixie", architecture: "arm64" }));
  assert.deepEqual(arm64.tools?.emulator, ["qemu-user"]);
  assert.equal(arm64.tools?.qemu?.[0], "qemu-system-arm");
  assert.equal(wantedBy({}).tools?.emulator, undefined);
});

test("a guest of an image takes only what starts it from packages, and needs no emulator", () => {
  const arm64 = debian({ suite: "trixie", architecture: "arm64" });
  const { guest, tools } = wishesOf(guestConfig({}), arm64, HOST, true);
  assert.deepEqual(
    guest.requests.map(({ key, wanted }) => [key, wanted]),
    [
      ["kernel", ["linux-image-cloud-arm64"]],
      ["busybox", ["busybox-static"]],
      ["image-programs", ["bsdutils", "qemu-guest-agent", "util-linux"]],
    ],
  );
  assert.deepEqual(
    tools?.requests.map(({ key }) => key),
    ["qemu", "erofs-utils", "attributes", "build-tools"],
  );
});

test("packages for a guest of an image are refused", () => {
  const config = guestConfig({ environment: { packages: ["curl"] } });
  assert.throws(() => wishesOf(config, SET, HOST, true), {
    code: "config-invalid",
    message:
      '"environment.packages" has "curl", and the guest is made from an image: nothing is installed into one',
    hint: "Put the package into the image, or make the guest from packages with debian()",
  });
  assert.throws(() => wishesOf(guestConfig({ security: { setuidFiles: [] } }), SET, HOST, true), {
    code: "config-invalid",
    message:
      '"security.setuidFiles" is defined, and the guest is made from an image, whose files stay as they are',
    hint: "Leave the option out, or make the guest from packages with debian()",
  });
});
