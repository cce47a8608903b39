import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { qemu } from "../hypervisors/qemu.ts";
import { layerDisk, machine, share } from "../hypervisors/testing/machine.ts";
import { readTextIfExists } from "../os/files.ts";
import { lint, missing, syntaxFaults } from "../os/testing/programs.ts";
import { machinedScripts, pciSetup } from "./device-scripts.ts";
import { interfaceScripts } from "./interface-scripts.ts";
import { runScript, virtiofsdScript } from "./scripts.ts";
import { ON_PATH, volume } from "./testing/volume.ts";
import { PRINT_ARGUMENTS, workplace } from "./testing/workplace.ts";

/** Words that a shell would make something of. */
const HOSTILE = [
  "'; touch broken; '",
  "$(touch broken)",
  "`touch broken`",
  '"; touch broken; "',
  "two  words",
  "line\nbreak",
  "$HOME",
  "*",
  "\\",
  "-n",
  "# no comment",
  "ünï",
];

const TREE = {
  loader: "hash-tools/usr/lib/ld.so",
  libraries: "hash-tools/usr/lib/dir",
  file: "hash-tools/usr/bin/qemu",
  name: "microvm@web",
};

const SETTINGS = {
  hostArchitecture: "amd64",
  program: { onPath: "hypervisor" },
  dataDirectories: [],
  modules: null,
  preStart: "",
  volumes: [],
  volumePrograms: ON_PATH,
  hostKeys: [],
  sshKeygen: { onPath: "ssh-keygen" },
  extraArgsScript: null,
};

const VIRTIOFSD = {
  program: { onPath: "virtiofsd" },
  threadPoolSize: 4,
  inodeFileHandles: "prefer",
  group: null,
  extraArgs: [],
};

const SECRET = { name: "token", file: "it's secret" };

const withArgs = (...extraArgs: string[]) =>
  machine({ qemu: { machine: null, machineOpts: null, extraArgs, pcieRootPorts: [] } });

/** A machine with everything that the host makes for it. */
const ATTACHED = machine({
  interfaces: [
    { type: "tap", id: "vm-a", mac: "02:00:00:00:00:01", network: "lan", bridge: "mv-lan", vhost: true },
    { type: "bridge", id: "vm-b", mac: "02:00:00:00:00:02", bridge: "br0" },
    { type: "macvtap", id: "vm-c", mac: "02:00:00:00:00:03", macvtap: { link: "eth0", mode: "bridge" } },
  ],
  devices: [
    { bus: "pci", path: "0000:01:00.0", qemu: { id: null, bus: null, deviceExtraArgs: null } },
    { bus: "usb", path: "vendorid=0x1", qemu: { id: null, bus: null, deviceExtraArgs: null } },
  ],
  vsockCid: 3,
});

const scripts = {
  ...interfaceScripts(ATTACHED, TREE),
  ...machinedScripts(ATTACHED),
  "pci-setup": pciSetup(ATTACHED),
  "microvm-run with the host's interfaces": runScript(ATTACHED, qemu, SETTINGS),
  "a plain microvm-run": runScript(machine(), qemu, SETTINGS),
  "microvm-run with everything": runScript({ ...withArgs("-vnc", "it's"), credentials: [SECRET] }, qemu, {
    ...SETTINGS,
    program: TREE,
    dataDirectories: ["hash-tools/share"],
    preStart: "echo starting",
    volumes: [volume("it's a volume.img", { label: "data", mkfsExtraArgs: ["-O", "^has journal"] })],
    volumePrograms: { mkfs: () => TREE, qemuImg: TREE },
    hostKeys: [{ file: "ssh_host_rsa_key", type: "rsa", bits: 4096, comment: "it's a key" }],
    sshKeygen: TREE,
    extraArgsScript: "/opt/it's args",
  }),
  "microvm-run of another user": runScript(machine({ user: "alice" }), qemu, {
    ...SETTINGS,
    volumes: [volume("it's a volume.img")],
  }),
  "virtiofsd-run for another user": virtiofsdScript([share()], { ...VIRTIOFSD, group: { ofUser: "alice" } }),
  "virtiofsd-run without shares": virtiofsdScript([], VIRTIOFSD),
  "virtiofsd-run with a share": virtiofsdScript([share()], VIRTIOFSD),
  "virtiofsd-run with two shares": virtiofsdScript([share(), share({ tag: "b" })], VIRTIOFSD),
};

for (const [name, text] of Object.entries(scripts)) {
  test(`${name} is POSIX shell`, () => assert.equal(syntaxFaults(text), ""));
  test(`${name} passes shellcheck`, { skip: missing("shellcheck") }, () => assert.equal(lint(text), ""));
}

test("a guest of another architecture is emulated, whatever the host could do for its own", () => {
  const text = runScript(machine({ architecture: "arm64" }), qemu, SETTINGS);
  assert.match(text, /^ {2}accel=tcg$/m);
  assert.doesNotMatch(text, /\/dev\/kvm/);
});

test("whatever a value holds reaches the hypervisor as it is", (t) => {
  const place = workplace(t);
  place.program("hypervisor", PRINT_ARGUMENTS);
  const { args, status } = place.run(
    place.script("microvm-run", runScript(withArgs(...HOSTILE), qemu, SETTINGS)),
  );
  assert.equal(status, 0);
  assert.deepEqual(args.slice(-HOSTILE.length), HOSTILE);
  assert.deepEqual(readdirSync(place.vm), []);
});

test("a hypervisor of the host's has a console that terminals attach to only if it can", (t) => {
  const place = workplace(t);
  const script = place.script("microvm-run", runScript(machine(), qemu, SETTINGS));
  const console = (backends: string) => {
    const help = `if [ "$*" = "-chardev help" ]; then printf '${backends}'; exit; fi\n`;
    place.program("hypervisor", help + PRINT_ARGUMENTS);
    const { args } = place.run(script);
    return [args[args.indexOf("-serial") + 1], args.some((word) => word.includes("web.console.sock"))];
  };
  assert.deepEqual(console("  stdio\\n  hub\\n"), ["chardev:console", true]);
  assert.deepEqual(console("  stdio\\n"), ["chardev:stdio", false]);
});

test("the store is found from the script's place: plain in paths, with commas doubled in options", (t) => {
  const place = workplace(t);
  place.storeProgram(TREE.loader, PRINT_ARGUMENTS);
  const store9p = share({ proto: "9p", source: "store" });
  const text = runScript(machine({ disks: [layerDisk()], shares: [store9p] }), qemu, {
    ...SETTINGS,
    program: TREE,
    dataDirectories: ["hash-tools/share"],
  });
  const { args } = place.run(place.script("microvm-run", text));
  const doubled = place.store.replaceAll(",", ",,");
  const libraries = `${place.store}/${TREE.libraries}`;
  assert.deepEqual(args.slice(0, 7), [
    ...["--library-path", libraries],
    ...["--argv0", "microvm@web"],
    `${place.store}/${TREE.file}`,
    ...["-L", `${place.store}/hash-tools/share`],
  ]);
  assert.equal(args[args.indexOf("-kernel") + 1], `${place.store}/k1-vmlinux`);
  assert.equal(args[args.indexOf("-initrd") + 1], `${place.store}/i1-initrd`);
  assert.match(args[args.indexOf("-fsdev") + 1]!, /^local,id=share0,path=/);
  assert.ok(args.some((word) => word.includes(`file.filename=${doubled}/l1-layer.erofs,node-name=disk0`)));
  assert.ok(args.some((word) => word.includes(`path=${doubled},security_model`)));
  assert.ok(!text.includes(place.store));
});

test("the accelerator is chosen when the VM starts", (t) => {
  const place = workplace(t);
  place.program("hypervisor", PRINT_ARGUMENTS);
  const odd = machine({ cpu: "it's" });
  const script = place.script("microvm-run", runScript(odd, qemu, SETTINGS));
  const started = (MICROVM_ACCEL: string) => {
    const { args } = place.run(script, { MICROVM_ACCEL });
    return ["-accel", "-cpu", "-append"].map((option) => args[args.indexOf(option) + 1]);
  };
  const tcgWords = ["console=ttyS0 quiet", ...qemu.accelerators(odd).tcg.params].join(" ");
  assert.deepEqual(started("kvm"), ["kvm", "it's", "console=ttyS0 quiet"]);
  assert.deepEqual(started("tcg"), ["tcg,thread=multi,tb-size=256", "it's", tcgWords]);
  assert.match(started("")[0]!, /^(kvm|tcg,.*)$/);
});

test("an accelerator that is none is wrong usage", (t) => {
  const place = workplace(t);
  place.program("hypervisor", "echo started");
  const script = place.script("microvm-run", runScript(machine(), qemu, SETTINGS));
  const { status, stdout, stderr } = place.run(script, { MICROVM_ACCEL: "xen" });
  assert.equal(status, 2);
  assert.equal(stderr, 'microvm-run: MICROVM_ACCEL is "xen": it must be kvm or tcg\n');
  assert.equal(stdout, "");
});

test("preStart runs in the VM's directory, and the hypervisor does not start when it fails", (t) => {
  const place = workplace(t);
  place.program("hypervisor", "echo started");
  const start = (preStart: string) =>
    place.run(place.script("microvm-run", runScript(machine(), qemu, { ...SETTINGS, preStart })));
  assert.equal(start("echo here >prepared\n").stdout, "started\n");
  assert.equal(place.read("prepared"), "here\n");
  const failed = start("false");
  assert.deepEqual([failed.status, failed.stdout], [1, ""]);
});

test("words of the extra arguments' script are added, and not taken for file names", (t) => {
  const place = workplace(t);
  place.program("hypervisor", PRINT_ARGUMENTS);
  const extraArgsScript = place.storeProgram("it's args", "echo '-device  *'");
  const text = runScript(machine(), qemu, { ...SETTINGS, extraArgsScript });
  writeFileSync(join(place.vm, "file"), "");
  assert.deepEqual(place.run(place.script("microvm-run", text)).args.slice(-2), ["-device", "*"]);
});

test("a share's virtiofsd is told what the share is", (t) => {
  const place = workplace(t);
  place.program("virtiofsd", PRINT_ARGUMENTS);
  const start = (fields: Parameters<typeof share>[0]) =>
    place.run(place.script("virtiofsd-run", virtiofsdScript([share(fields)], VIRTIOFSD))).args;
  assert.deepEqual(start({ source: "/it's, here", readOnly: true }), [
    ...["--socket-path", "web-virtiofs-data.sock"],
    "--shared-dir=/it's, here",
    ...["--cache", "auto"],
    ...["--sandbox", "namespace"],
    "--inode-file-handles=prefer",
    ...["--thread-pool-size", "4"],
    "--xattr",
    "--readonly",
  ]);
  assert.ok(start({ source: "store" }).includes(`--shared-dir=${place.store}`));
});

test("two virtiofsd are ended with their script", { timeout: 10_000 }, async (t) => {
  const place = workplace(t);
  place.program("virtiofsd", 'echo "$$" >"pid-$2"\nexec sleep 60');
  const shares = [share({ socket: "a" }), share({ socket: "b" })];
  const script = place.script("virtiofsd-run", virtiofsdScript(shares, VIRTIOFSD));
  const child = spawn(script, { cwd: place.vm, env: place.environment(), stdio: "ignore" });
  const closed = once(child, "close");
  const pids: number[] = [];
  t.after(() => {
    child.kill("SIGKILL");
    for (const pid of pids.filter(isAlive)) process.kill(pid, "SIGKILL");
  });
  for (const name of ["pid-a", "pid-b"]) {
    while (!existsSync(join(place.vm, name)) || place.read(name) === "") await delay(5);
    pids.push(Number(place.read(name)));
  }
  assert.ok(pids.every(isAlive));
  child.kill("SIGTERM");
  assert.deepEqual(await closed, [143, null]);
  while (pids.some(isAlive)) await delay(5);
});

test("a virtiofsd that fails ends the others at once, and says so", { timeout: 10_000 }, async (t) => {
  const place = workplace(t);
  place.program("virtiofsd", 'echo "$$" >"pid-$2"\n[ "$2" = a ] || { sleep 0.2; exit 7; }\nexec sleep 60');
  const shares = [share({ socket: "a" }), share({ socket: "b" })];
  const script = place.script("virtiofsd-run", virtiofsdScript(shares, VIRTIOFSD));
  const { status, stderr } = place.run(script);
  assert.deepEqual([status, stderr], [1, "virtiofsd-run: a virtiofsd ended with exit status 7\n"]);
  while (isAlive(Number(place.read("pid-a")))) await delay(5);
});

test("all virtiofsd that end with their VM are a good end", { timeout: 10_000 }, (t) => {
  const place = workplace(t);
  place.program("virtiofsd", "exec sleep 0.1");
  const shares = [share({ socket: "a" }), share({ socket: "b" }), share({ socket: "c" })];
  const { status, stderr } = place.run(place.script("virtiofsd-run", virtiofsdScript(shares, VIRTIOFSD)));
  assert.deepEqual([status, stderr], [0, ""]);
});

/** Also false for one that has ended and is not yet waited for. */
function isAlive(pid: number): boolean {
  const stat = readTextIfExists(`/proc/${pid}/stat`) ?? ") X";
  return !/\) [XZ]/.test(stat);
}

/** A script that starts a machine with one credential in the file `secret`, and what must hold of that file. */
const withSecret = () => {
  const credentials = [{ name: "token", file: "secret" }];
  return runScript(machine({ credentials }), qemu, SETTINGS);
};

test("a credential is read by the hypervisor itself, from its file", (t) => {
  const place = workplace(t);
  place.program("hypervisor", PRINT_ARGUMENTS);
  writeFileSync(join(place.vm, "secret"), "x", { mode: 0o600 });
  const { args, stderr } = place.run(place.script("microvm-run", withSecret()));
  assert.equal(stderr, "");
  const at = args.indexOf("-fw_cfg");
  assert.equal(args[at + 1], "name=opt/io.systemd.credentials/token,file=secret");
});

test("a credential that others may write to, that is missing or too large stops the start", (t) => {
  const place = workplace(t);
  place.program("hypervisor", PRINT_ARGUMENTS);
  const secret = join(place.vm, "secret");
  const run = () => {
    const { status, stderr, stdout } = place.run(place.script("microvm-run", withSecret()));
    assert.equal(stdout === "", status !== 0);
    return [status, stderr];
  };
  assert.deepEqual(run(), [
    1,
    'microvm-run: the credential "token" cannot be read: "secret" is no file that this user may read\n',
  ]);
  for (const mode of [0o620, 0o602]) {
    writeFileSync(secret, "x");
    chmodSync(secret, mode);
    assert.deepEqual(run(), [
      1,
      'microvm-run: the credential "token" is refused: others than its owner may write to "secret"\n',
    ]);
  }
  chmodSync(secret, 0o644);
  assert.deepEqual(run(), [
    0,
    'microvm-run: warning: every user of this host may read the credential "token" in "secret"\n',
  ]);
  chmodSync(secret, 0o600);
  writeFileSync(secret, Buffer.alloc(1024 * 1024 + 1));
  assert.deepEqual(run(), [
    1,
    'microvm-run: the credential "token" is too large: "secret" has more than 1048576 bytes\n',
  ]);
});

test("a host key is made once, and kept", (t) => {
  const place = workplace(t);
  place.program("hypervisor", ":");
  // Its last argument is the file.
  place.program(
    "ssh-keygen",
    'echo "$*" >>calls; for file; do :; done; echo secret >"$file"; echo public >"$file.pub"',
  );
  const hostKeys = [{ file: "ssh_host_rsa_key", type: "rsa", bits: 4096, comment: "it's web" }];
  const script = place.script("microvm-run", runScript(machine(), qemu, { ...SETTINGS, hostKeys }));
  for (let start = 0; start < 2; start++) assert.equal(place.run(script).status, 0);
  assert.equal(place.read("calls"), "-q -t rsa -b 4096 -N  -C it's web -f ssh_host_rsa_key.new\n");
  assert.deepEqual(readdirSync(place.vm).sort(), ["calls", "ssh_host_rsa_key", "ssh_host_rsa_key.pub"]);
});

test("an interface, a virtual socket and a queue that are not there have names", (t) => {
  const place = workplace(t);
  place.program("hypervisor", PRINT_ARGUMENTS);
  const started = (fields: Partial<typeof ATTACHED>) =>
    place.run(place.script("microvm-run", runScript(machine(fields), qemu, SETTINGS)));
  const [tap, , macvtap] = ATTACHED.interfaces;
  const absent = started({ interfaces: [tap!] });
  assert.equal(
    absent.stderr,
    'microvm-run: the interface "vm-a" is not there: let root run tap-up of this runner before, with MICROVM_USER set to the user that runs "web"\n',
  );
  assert.equal(absent.status, 1);
  assert.match(started({ interfaces: [macvtap!] }).stderr, /"vm-c" is not there: let root run macvtap-up/);
  if (!existsSync("/dev/vhost-vsock")) {
    const { stderr, status } = started({ vsockCid: 3 });
    assert.match(
      stderr,
      /^microvm-run: microvm\.vsock\.cid needs \/dev\/vhost-vsock, which cannot be opened: load /,
    );
    assert.equal(status, 1);
    assert.ok(!existsSync("/dev/vhost-vsock"), "looking for a device makes no file");
  }
});

test("PCI devices are taken from their driver and given to the user who runs the VM", (t) => {
  const place = workplace(t);
  const sys = join(place.vm, "sys");
  const device = join(sys, "bus/pci/devices/0000:01:00.0");
  const setUp = () => place.run(place.script("pci-setup", pciSetup(ATTACHED)), { MICROVM_SYS: sys });
  assert.equal(setUp().stderr.split("\n").at(-2), "pci-setup: the kernel has no driver vfio-pci");
  mkdirSync(join(sys, "bus/pci/drivers/vfio-pci"), { recursive: true });
  assert.equal(setUp().stderr, 'pci-setup: this host has no PCI device "0000:01:00.0"\n');
  mkdirSync(join(sys, "bus/pci/drivers/other"), { recursive: true });
  mkdirSync(device, { recursive: true });
  assert.match(setUp().stderr, /"0000:01:00\.0" is in no IOMMU group/);
  symlinkSync("../../../../kernel/iommu_groups/7", join(device, "iommu_group"));
  mkdirSync(join(sys, "kernel/iommu_groups/7"), { recursive: true });
  symlinkSync("../../drivers/other", join(device, "driver"));
  place.program("chown", 'printf "%s\\n" "$*" >chown');
  const handed = setUp();
  assert.equal(handed.stderr, "");
  assert.match(place.read("chown"), /^\d+ \/dev\/vfio\/7\n$/);
  assert.equal(readTextIfExists(join(sys, "bus/pci/drivers/other/unbind")), "0000:01:00.0\n", handed.stderr);
  assert.equal(readTextIfExists(join(device, "driver_override")), "vfio-pci\n");
  assert.equal(readTextIfExists(join(sys, "bus/pci/drivers_probe")), "0000:01:00.0\n");
});
