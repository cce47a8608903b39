import assert from "node:assert/strict";
import { test } from "node:test";
import { debian } from "../packages/debian/package-set.ts";
import { allInputs, graphOf, inputsOf, type Recipe, storePathName } from "../store/recipe.ts";
import { type Plan, planVm } from "./plan.ts";
import { plannedVm, SET, STORE, STORE_SHARE } from "./testing/planned-vm.ts";

// biome-ignore lint/suspicious/noExplicitAny: a module of a guest
const plan = (module: any = {}, name = "web", set = SET): Plan => planVm(plannedVm(module, name, set));

const names = (recipes: readonly Recipe[]) => recipes.map(storePathName);
const system = ({ runner }: Plan) => inputsOf(runner, "system")[0]!;
const images = (one: Plan) => names(inputsOf(system(one), "images"));

/** Every recipe of a plan, by kind. */
function recipes(recipe: Recipe, found = new Map<string, Recipe>()): Map<string, Recipe> {
  found.set(storePathName(recipe), recipe);
  for (const input of allInputs(recipe)) recipes(input, found);
  return found;
}

/** Names that changed from one plan to the other, without their hashes. */
function changed(before: Plan, after: Plan): string[] {
  const old = recipes(before.runner);
  return [...recipes(after.runner).keys()]
    .filter((name) => !old.has(name))
    .map((name) => name.slice(33))
    .sort();
}

test("the same input gives the same runner", () => {
  const module = { environment: { packages: ["jq"] }, microvm: { mem: 256 } };
  assert.equal(storePathName(plan(module).runner), storePathName(plan(structuredClone(module)).runner));
});

test("an option of the configuration layer changes that layer and what names it, nothing else", () => {
  const before = plan({ environment: { packages: ["jq"] } });
  const after = plan({ environment: { packages: ["jq"], etc: { motd: { text: "Welcome\n" } } } });
  assert.deepEqual(changed(before, after), [
    "microvm-qemu-web",
    "microvm-system-web",
    "web-config",
    "web-config.erofs",
  ]);
});

test("an option of the machine changes only the runner", () => {
  assert.deepEqual(changed(plan(), plan({ microvm: { mem: 300 } })), ["microvm-qemu-web"]);
});

test("where packages come from changes nothing", () => {
  const mirror = "https://mirror.example.org/debian";
  const other = debian({ suite: "trixie", architecture: "amd64", mirror });
  assert.equal(storePathName(plan({}, "web", other).runner), storePathName(plan().runner));
});

test("guests of one package set share all but their configuration", () => {
  const [web, db] = [plan({}, "web"), plan({ networking: { hostName: "db" } }, "db")];
  assert.deepEqual(images(web).slice(1), images(db).slice(1));
  assert.notEqual(images(web)[0], images(db)[0]);
  const more = plan({ environment: { packages: ["jq"] } });
  assert.deepEqual(images(more).slice(-2), images(web).slice(-2));
});

test("a guest that mounts the host's store has no images and needs no tool for them", () => {
  const shared = plan({ microvm: { shares: [STORE_SHARE] } });
  const all = [...recipes(shared.runner).values()];
  assert.ok(all.every(({ kind, name }) => kind !== "erofs" && name !== "erofs-utils"));
  assert.deepEqual(shared.machine.disks, []);
  assert.deepEqual(
    shared.machine.shares.map(({ source, readOnly, cache }) => [source, readOnly, cache]),
    [["store", true, "always"]],
  );
});

test("the kernel is told where the layers are and whether they can be written", () => {
  const words = (microvm: object) => {
    const { machine, layers } = plan({ microvm });
    const own = machine.kernelParams.filter((word) => word.startsWith("microvm."));
    assert.equal(
      own.find((word) => word.startsWith("microvm.layers=")),
      `microvm.layers=${names(layers).join(":")}`,
    );
    return own.filter((word) => !word.startsWith("microvm.layers="));
  };
  assert.deepEqual(words({}), ["microvm.store=disk:erofs", "microvm.writable=none"]);
  assert.deepEqual(words({ shares: [STORE_SHARE], writableStoreOverlay: true }), [
    "microvm.store=virtiofs:ro-store",
    "microvm.store_mount=/microvm/.ro-store",
    "microvm.writable=tmpfs",
  ]);
  const disks = { shares: [{ ...STORE_SHARE, tag: "a", proto: "9p" }], storeOnDisk: true };
  assert.deepEqual(words(disks), ["microvm.store=disk:erofs", "microvm.writable=none"]);
});

test("a store that is shared beside disks is mounted like any other share", () => {
  const share = { ...STORE_SHARE, tag: "a", proto: "9p" };
  const { layers } = plan({ microvm: { shares: [share], storeOnDisk: true } });
  const { entries } = layers[0]!.params as { entries: { path: string; text?: string }[] };
  assert.match(entries.find(({ path }) => path === "etc/fstab")!.text!, /^a \/microvm\/\.ro-store 9p rw,/);
});

test("the initrd starts processors, drops signatures and sets the slice unless somebody asks for something else", () => {
  const can = (module: object) => Object.values(plan(module).machine.initrdCan);
  assert.deepEqual(can({}), [true, true, true]);
  assert.deepEqual(can({ microvm: { kernelParams: ["maxcpus=2"], optimize: { enable: false } } }), [
    false,
    false,
    false,
  ]);
  for (const word of ["lockdown=integrity", "module.sig_enforce", "module.sig-enforce=1"]) {
    assert.deepEqual(can({ boot: { kernelParams: [word] } }), [true, false, true]);
  }
});

test("the kernel's own words come first, then the guest's, then the machine's", () => {
  const { kernelParams } = plan({
    boot: { kernelParams: ["quiet"] },
    microvm: { kernelParams: ["last"] },
  }).machine;
  assert.deepEqual(kernelParams.slice(-2), ["quiet", "last"]);
  assert.equal(kernelParams[0], "console=ttyS0");
  assert.ok(kernelParams.includes("panic=-1"));
  const silent = plan({ microvm: { qemu: { serialConsole: false } } }).machine.kernelParams;
  assert.ok(!silent.includes("console=ttyS0"));
});

test("a place of the store that the kernel's command line cannot hold is refused", () => {
  const share = { ...STORE_SHARE, mountPoint: "/my store" };
  assert.throws(() => plan({ microvm: { shares: [share] } }), {
    code: "config-invalid",
    message:
      'Cannot mount the store at "/my store": the kernel is told the place, in letters, digits and "_ . / : @ + -"',
  });
});

test("volumes follow the layers, and the guest finds them by serial number", () => {
  const volumes = [{ image: "a.img", size: 1, serial: "vol-a", readOnly: true, direct: true }];
  const { disks } = plan({ microvm: { volumes } }).machine;
  assert.deepEqual(disks.at(-1), {
    serial: "vol-a",
    image: { file: "a.img" },
    format: "raw",
    readOnly: true,
    direct: true,
  });
  assert.equal(disks.length, 4);
  assert.ok(disks.every(({ serial }) => serial.length <= 20));
});

test("nothing that is built says where the store lies", () => {
  const { runner } = plan({ microvm: { shares: [STORE_SHARE], volumes: [{ image: "a", size: 1 }] } });
  for (const recipe of recipes(runner).values()) {
    assert.ok(!JSON.stringify(recipe.params).includes(STORE), recipe.name);
  }
});

test("a runner holds its programs, and a system beside it", () => {
  const module = {
    microvm: { shares: [STORE_SHARE], binScripts: { "tap-up": "#!/bin/sh\n" }, vmHostPackages: "host" },
  };
  const { runner } = plan(module);
  const { entries } = runner.params as unknown as {
    entries: { path: string; text?: string; target?: string; mode?: number }[];
  };
  const byPath = Object.fromEntries(entries.map((entry) => [entry.path, entry]));
  assert.deepEqual(Object.keys(byPath).sort(), [
    "bin/microvm-alive",
    "bin/microvm-ready",
    "bin/microvm-run",
    "bin/microvm-shutdown",
    "bin/tap-up",
    "bin/virtiofsd-run",
    "share/microvm/hypervisor",
    "share/microvm/machine.json",
    "share/microvm/system",
    "share/microvm/virtiofs/ro-store/socket",
    "share/microvm/virtiofs/ro-store/source",
  ]);
  assert.equal(byPath["bin/tap-up"]!.mode, 0o755);
  assert.match(byPath["bin/microvm-run"]!.text!, /^exec qemu-system-x86_64 /m);
  assert.equal(byPath["share/microvm/system"]!.target, `../../../${names(inputsOf(runner, "system"))[0]}`);
  assert.equal(byPath["share/microvm/virtiofs/ro-store/socket"]!.text, "web-virtiofs-ro-store.sock\n");
  const without = plan({ microvm: { ...module.microvm, systemSymlink: false } }).runner;
  const entriesWithout = (without.params as { entries: object }).entries;
  assert.deepEqual(
    entriesWithout,
    Object.values(byPath).filter(({ path }) => path !== "share/microvm/system"),
  );
});

/** The check of a plan's units. */
// biome-ignore lint/suspicious/noExplicitAny: a module of a guest
function unitCheck(module: any) {
  const all = graphOf([plan(module).runner]);
  return { all, check: all.find(({ kind }) => kind === "unit-check")! };
}

test("units are checked before the system is made, and again only when something about them changed", () => {
  const services = { web: { script: "true" } };
  const files = { "/srv/page": { text: "a" }, "/opt/run": { text: "a", mode: "0755" } };
  const { all, check } = unitCheck({ systemd: { services }, environment: { files } });
  const system = all.find(({ name }) => name.startsWith("microvm-system-"))!;
  assert.ok((system.inputs.checks as readonly unknown[]).includes(check));
  assert.ok(!system.references!.includes("checks"));
  const same = unitCheck({
    networking: { hostName: "other" },
    systemd: { services },
    environment: { files: { ...files, "/srv/page": { text: "b" }, "/opt/run": { text: "b", mode: "0755" } } },
  });
  assert.equal(storePathName(same.check), storePathName(check));
  const other = unitCheck({
    systemd: { services },
    environment: { files: { "/opt/run": files["/srv/page"] } },
  });
  assert.notEqual(storePathName(other.check), storePathName(check));
});

/** The check of a plan's configuration of nginx. */
function nginxCheck(services: object, more: object = {}) {
  const all = graphOf([plan({ services: { nginx: { enable: true, ...services } }, ...more }).runner]);
  return { all, check: all.find(({ name }) => name === "check-nginx")! };
}

test("generated configurations are checked before the system is made, and again only when they changed", () => {
  const { all, check } = nginxCheck({});
  const system = all.find(({ name }) => name.startsWith("microvm-system-"))!;
  assert.ok((system.inputs.checks as readonly unknown[]).includes(check));
  assert.deepEqual(
    (check.params as { entries: { path: string }[] }).entries.map(({ path }) => path),
    ["etc/nginx/nginx.conf"],
  );
  const same = nginxCheck(
    {},
    { networking: { hostName: "other" }, users: { users: { a: { isNormalUser: true } } } },
  );
  assert.equal(storePathName(same.check), storePathName(check));
  const changed = nginxCheck({ virtualHosts: { a: {} } });
  assert.notEqual(storePathName(changed.check), storePathName(check));
});

test("what packages' scripts are to find changes the layer of packages and not the base", () => {
  const layers = (services: object) => plan({ environment: { packages: ["postgresql"] }, services }).layers;
  const [, packages, base] = layers({});
  const [, prepared, sameBase] = layers({ postgresql: { enable: true } });
  assert.notEqual(storePathName(prepared!), storePathName(packages!));
  assert.equal(storePathName(sameBase!), storePathName(base!));
  assert.match(JSON.stringify(prepared!.params), /create_main_cluster = false/);
});

test("the initrd has the modules of the file systems that the guest mounts", () => {
  const modulesOf = (module: object) => {
    const { runner } = planVm(plannedVm(module));
    const system = runner.inputs.system as Recipe;
    return ((system.inputs.initrd as Recipe).params as { modules: string[] }).modules;
  };
  assert.deepEqual(modulesOf({}), ["overlay", "erofs", "virtio_blk"]);
  const volumes = [
    { image: "a", size: 300, fsType: "xfs", mountPoint: "/a" },
    { image: "b", size: 1, fsType: "vfat", mountPoint: "/b" },
    { image: "c", size: 1, mountPoint: "/c" },
  ];
  assert.deepEqual(modulesOf({ microvm: { volumes } }), [
    ...["overlay", "erofs", "virtio_blk"],
    ...["xfs", "vfat", "nls_cp437", "nls_ascii", "ext4"],
  ]);
});

test("the initrd loads what the guest would load anyway, unless it is blacklisted or has settings", () => {
  const preloaded = (module: object) => {
    const interfaces = [{ type: "user", id: "net0" }];
    const { runner } = planVm(plannedVm({ microvm: { interfaces }, ...module }));
    const system = runner.inputs.system as Recipe;
    return ((system.inputs.initrd as Recipe).params as { preloaded: string[] }).preloaded;
  };
  const firewall = ["nf_tables", "nft_ct", "nft_log", "nf_log_syslog"];
  assert.deepEqual(preloaded({}), ["qemu_fw_cfg", "virtio_net", ...firewall]);
  // A running guest can get other rules.
  assert.deepEqual(preloaded({ networking: { firewall: { logRefusedConnections: false } } }), preloaded({}));
  assert.deepEqual(preloaded({ boot: { blacklistedKernelModules: ["virtio_net"] } }), [
    "qemu_fw_cfg",
    ...firewall,
  ]);
  assert.deepEqual(preloaded({ boot: { extraModprobeConfig: "options nf_conntrack acct=1\n" } }), []);
});

test("the initrd has the guest's own commands, and is another one only then", () => {
  const initrdOf = (initrd: object) => {
    const { runner } = planVm(plannedVm({ boot: { initrd } }));
    return (runner.inputs.system as Recipe).inputs.initrd as Recipe;
  };
  const { params } = initrdOf({ postMountCommands: "true\n", availableKernelModules: ["nbd"] });
  const { hooks, modules } = params as { hooks: object; modules: string[] };
  assert.deepEqual(hooks, { postMountCommands: "true\n" });
  assert.equal(modules.at(-1), "nbd");
  assert.equal(storePathName(initrdOf({ preDeviceCommands: "" })), storePathName(initrdOf({})));
});

test("layers are squashfs disks when the guest says so", () => {
  const one = plan({ microvm: { storeDiskType: "squashfs", storeDiskSquashfsFlags: ["-comp", "xz"] } });
  assert.ok(one.machine.kernelParams.includes("microvm.store=disk:squashfs"));
  const all = [...recipes(one.runner).values()];
  const disks = all.filter(({ kind }) => kind === "squashfs");
  assert.deepEqual(names(disks).sort(), [...images(one)].sort());
  assert.deepEqual(disks[0]!.params, { flags: ["-comp", "xz"], architecture: "amd64" });
  const [initrd] = all.filter(({ kind }) => kind === "initrd");
  assert.deepEqual((initrd!.params as { modules: string[] }).modules, ["overlay", "squashfs", "virtio_blk"]);
});

test("a project's own kernel and initrd take the place of the package set's", () => {
  const file = (name: string) => ({
    file: `/srv/project/${name}`,
    size: 1,
    sha256: name.repeat(64).slice(0, 64),
  });
  const microvm = { kernel: "./k" };
  const kernel = planVm({ ...plannedVm({ microvm }), bootFiles: { kernel: file("a") } });
  const all = [...recipes(kernel.runner).values()];
  assert.match(kernel.machine.kernel, /-kernel-image$/);
  assert.ok(all.every(({ kind }) => kind !== "kernel-layer" && kind !== "kernel-image"));
  // Its modules, if it has any, are not known.
  const made = all.find(({ kind }) => kind === "initrd")!;
  assert.deepEqual(
    [(made.params as { modules: string[] }).modules, Object.keys(made.inputs)],
    [[], ["busybox"]],
  );
  assert.ok(kernel.layers.every(({ name }) => name !== "kernel"));

  const both = planVm({ ...plannedVm({ microvm }), bootFiles: { kernel: file("a"), initrd: file("b") } });
  const initrd = [...recipes(both.runner).values()].find(({ name }) => name === "initrd")!;
  assert.deepEqual([initrd.kind, initrd.fixed], ["project-file", { sha256: "b".repeat(64) }]);
});

test("what services need is a layer that other packages do not change", () => {
  const layers = (packages: string[]) =>
    plan({ environment: { packages }, services: { cron: { enable: true } } }).layers;
  const [, services, base] = layers([]);
  assert.deepEqual([services!.name, base!.name], ["trixie-services", "trixie-base"]);
  const [, added, ...below] = layers(["jq", "cron"]);
  assert.equal(added!.name, "trixie-packages");
  assert.deepEqual(below.slice(0, 2).map(storePathName), [services!, base!].map(storePathName));
  assert.deepEqual(
    (added!.inputs.debs as Recipe[]).map(({ name }) => name),
    ["jq_1_amd64.deb"],
  );
  assert.deepEqual(added!.inputs.lowers, below.slice(0, 2));
});

test("where services alone would get other packages than with what else is wanted, all are one layer", () => {
  const planned = plannedVm({ environment: { packages: ["jq"] }, services: { cron: { enable: true } } });
  const { packages } = planned.guest;
  const other = packages.services!.map((unit) => ({ ...unit, sha256: "f".repeat(64) }));
  const guest = { ...planned.guest, packages: { ...packages, services: other } };
  const [, all, base] = planVm({ ...planned, guest }).layers;
  assert.deepEqual([all!.name, base!.name], ["trixie-packages", "trixie-base"]);
  assert.deepEqual(all!.inputs.lowers, [base]);
});

test("files that may be set-user-id are a guest's policy, which its layers of packages keep", () => {
  const layers = (setuidFiles: string[] | null) =>
    plan({ environment: { packages: ["jq"] }, security: { setuidFiles } }).layers;
  const params = layers(["/usr/bin/su"]).map(
    ({ params }) => (params as { setuidFiles?: string[] }).setuidFiles,
  );
  assert.deepEqual(params, [undefined, ["/usr/bin/su"], ["/usr/bin/su"], undefined]);
  assert.deepEqual(
    layers(null).map(storePathName),
    plan({ environment: { packages: ["jq"] } }).layers.map(storePathName),
  );
});

test("locales are a layer between the packages and the configuration", () => {
  const { layers } = planVm(plannedVm({ i18n: { defaultLocale: "de_DE.UTF-8" } }));
  assert.deepEqual(
    layers.map(({ name }) => name),
    ["web-config", "locales", "trixie-services", "trixie-base", "kernel"],
  );
  assert.deepEqual(layers[1]!.params, { locales: ["de_DE.UTF-8"], architecture: "amd64" });
});

test("what a guest needs of the host is in its runner in microvm.nix's files, and its tools only then", () => {
  const files = (one: Plan) =>
    Object.fromEntries(
      (one.runner.params as unknown as { entries: { path: string; text?: string }[] }).entries.map(
        ({ path, text }) => [path, text],
      ),
    );
  const plain = plan();
  const paths = Object.keys(files(plain));
  assert.ok(!paths.some((path) => /tap|macvtap|pci|usb|vsock|register/.test(path)), String(paths));
  assert.ok(![...recipes(plain.runner).values()].some(({ name }) => name === "iproute2"));
  const attached = plan({
    microvm: {
      vcpu: 2,
      interfaces: [
        { type: "tap", id: "vm-a", network: "lan" },
        { type: "bridge", id: "vm-b", bridge: "br0" },
        { type: "macvtap", id: "vm-c", mac: "02:00:00:00:00:0A", macvtap: { link: "eth0", mode: "vepa" } },
      ],
      devices: [
        { bus: "pci", path: "0000:01:00.0" },
        { bus: "usb", path: "vendorid=0x046d,productid=0xc52b" },
      ],
      vsock: { cid: 5 },
      registerWithMachined: true,
      binScripts: { "tap-up": "echo more\n" },
    },
  });
  const runner = files(attached);
  const shared = (name: string) => runner[`share/microvm/${name}`];
  assert.equal(shared("tap-interfaces"), "vm-a\nvm-b\n");
  assert.equal(shared("tap-flags"), "vnet_hdr\nmulti_queue\n");
  assert.equal(shared("macvtap-interfaces"), "vm-c 02:00:00:00:00:0a eth0 vepa\n");
  assert.equal(shared("pci-devices"), "0000:01:00.0\n");
  assert.equal(shared("usb-devices"), "vendorid=0x046d,productid=0xc52b\n");
  assert.equal(shared("vsock-cid"), "5\n");
  for (const name of [
    "tap-down",
    "macvtap-up",
    "macvtap-down",
    "pci-setup",
    "microvm-register",
    "microvm-unregister",
  ]) {
    assert.ok(runner[`bin/${name}`], name);
  }
  assert.match(
    runner["bin/microvm-run"]!,
    /^export QEMU_MODULE_DIR="\$store"\/.*-qemu\/usr\/lib\/x86_64-linux-gnu\/qemu$/m,
  );
  assert.match(runner["bin/tap-up"]!, /join vm-a mv-lan[\s\S]*\necho more\n$/);
  assert.ok([...recipes(attached.runner).values()].some(({ name }) => name === "iproute2"));
});
