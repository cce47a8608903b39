import assert from "node:assert/strict";
import { test } from "node:test";
import { mkForce } from "../module-system/index.ts";
import { guestConfig } from "../options/testing/evaluate.ts";
import { lint, missing } from "../os/testing/programs.ts";
import { coldplugScript } from "./guest-files/coldplug.ts";
import { guestFiles } from "./guest-files.ts";
import { STORE_SHARE } from "./testing/planned-vm.ts";

/** The entries of a guest's configuration layer: text of a file (with a mode that is not 0644), `→` and target of a link, `/`. */
// biome-ignore lint/suspicious/noExplicitAny: a module of a guest
function filesOf(module: any, storeMount: string | null = null): Record<string, string> {
  const { entries } = guestFiles(guestConfig(module), storeMount);
  return Object.fromEntries(
    entries.map((entry) => {
      if (entry.type === "symlink") return [entry.path, `→ ${entry.target}`];
      if (entry.type === "directory") return [entry.path, "/"];
      const mode = entry.mode === undefined || entry.mode === 0o644 ? "" : `(${entry.mode.toString(8)}) `;
      return [entry.path, `${mode}${entry.text}`];
    }),
  );
}

const interfaces = [{ type: "user", id: "net0" }];

test("a guest has its names, an id and no network by default", () => {
  const files = filesOf({});
  assert.equal(files["etc/hostname"], "web\n");
  assert.match(files["etc/hosts"]!, /^127\.0\.0\.1 localhost\n127\.0\.1\.1 web\n/);
  assert.match(files["etc/machine-id"]!, /^[0-9a-f]{32}\n$/);
  assert.equal(files["etc/fstab"], "");
  assert.equal(files["etc/resolv.conf"], "");
  assert.equal(files["etc/systemd/network/99-ethernet-default-dhcp.network"], undefined);
  assert.equal(files["etc/nftables.conf"], undefined);
  assert.ok(Object.keys(files).every((path) => !/network1|networkd\.s|nftables/.test(path)));
});

test("paths are listed once, in order, and what is declared wins over what is generated", () => {
  const module = { environment: { etc: { hostname: { text: "other\n" } } } };
  const { entries } = guestFiles(guestConfig(module), null);
  const paths = entries.map((entry) => entry.path);
  assert.deepEqual(paths, [...new Set(paths)].sort());
  assert.equal(filesOf(module)["etc/hostname"], "other\n");
});

test("names, domain and hosts are known to the resolver", () => {
  const files = filesOf({
    networking: {
      domain: "example.org",
      hosts: { "10.0.0.2": ["db", "db2"] },
      nameservers: ["10.0.0.1"],
    },
  });
  assert.match(files["etc/hosts"]!, /^127\.0\.1\.1 web\.example\.org web$/m);
  assert.match(files["etc/hosts"]!, /^10\.0\.0\.2 db db2$/m);
  assert.equal(files["etc/resolv.conf"], "search example.org\nnameserver 10.0.0.1\n");
});

test("a guest with an interface asks for an address, and QEMU's user network for names", () => {
  const files = filesOf({ microvm: { interfaces } });
  assert.equal(
    files["etc/systemd/network/99-ethernet-default-dhcp.network"],
    "# networking.useDHCP\n[Match]\nType=ether\nKind=!*\n\n[Link]\nRequiredForOnline=routable\n\n[Network]\nDHCP=yes\nIPv6PrivacyExtensions=kernel\n",
  );
  assert.equal(files["etc/resolv.conf"], "nameserver 10.0.2.3\n");
  assert.equal(
    files["etc/systemd/system/multi-user.target.wants/systemd-networkd.service"],
    "→ /usr/lib/systemd/system/systemd-networkd.service",
  );
});

test("on a network of the host a guest asks it for names, and takes its domain", () => {
  const tap = { type: "tap", id: "vm-web", network: "lan" };
  const files = filesOf({ microvm: { interfaces: [tap] } });
  assert.match(
    files["etc/systemd/network/99-ethernet-default-dhcp.network"]!,
    /\[DHCPv4\]\nUseDomains=yes\n/,
  );
  assert.match(files["etc/resolv.conf"]!, /stub-resolv\.conf$/);
  const own = filesOf({
    microvm: { interfaces: [tap] },
    networking: { interfaces: { "vm-web": { useDHCP: true } } },
  });
  assert.match(own["etc/systemd/network/40-vm-web.network"]!, /UseDomains=yes/);
});

test("a guest that is reached by a virtual socket has the units for it, and the kernel's module", () => {
  const { units, entries } = guestFiles(
    guestConfig({ microvm: { vsock: { cid: 5, ssh: { enable: true } } } }),
    null,
  );
  const all = JSON.stringify(units);
  assert.match(all, /"sshd-vsock\.socket"/);
  assert.match(all, /ListenStream=vsock::22/);
  assert.match(all, /ExecStart=-\/usr\/sbin\/sshd -i/);
  assert.match(JSON.stringify(entries), /vmw_vsock_virtio_transport/);
});

test("volumes and shares are mounted, the store is not: the initrd did", () => {
  const share = { tag: "data", source: "/srv", mountPoint: "/my data", readOnly: true };
  const files = filesOf(
    {
      microvm: {
        shares: [STORE_SHARE, share],
        volumes: [
          { image: "a.img", size: 1, mountPoint: "/var/lib/a", serial: "vol-a" },
          { image: "b.img", size: 1 },
        ],
      },
    },
    STORE_SHARE.mountPoint,
  );
  assert.equal(
    files["etc/fstab"],
    "/dev/disk/by-id/virtio-vol-a /var/lib/a ext4 rw,x-systemd.growfs 0 0\n" +
      "data /my\\040data 9p ro,trans=virtio,version=9p2000.L,msize=1048576 0 0\n",
  );
  for (const place of ["var/lib/a", "my data", "microvm/.ro-store"]) assert.equal(files[place], "/");
});

test("people have homes and keys, root a shell, and accounts of the packages what they had", () => {
  const module = {
    users: {
      users: {
        alice: { isNormalUser: true, openssh: { authorizedKeys: { keys: ["ssh-ed25519 AAAA a"] } } },
        bob: { isNormalUser: true, home: "/srv/bob's home", group: "staff" },
        "www-data": {},
      },
    },
  };
  const files = filesOf(module);
  assert.equal(files["etc/ssh/authorized_keys.d/alice"], "ssh-ed25519 AAAA a\n");
  assert.equal(
    files["etc/tmpfiles.d/microvm-homes.conf"],
    '# systemd.tmpfiles.settings."microvm-homes"\nd /home/alice 0700 alice users -\nd "/srv/bob\'s home" 0700 bob staff -\n',
  );
  const users = Object.fromEntries(guestFiles(guestConfig(module), null).users.map((one) => [one.name, one]));
  assert.equal(users.root!.shell, "/bin/bash");
  assert.deepEqual([users["www-data"]!.home, users["www-data"]!.shell], [null, null]);
  assert.deepEqual([users.alice!.system, users["www-data"]!.system], [false, true]);
});

test("systemd-sysusers runs at every start when it is asked for", () => {
  const asked = guestFiles(guestConfig({ systemd: { sysusers: { enable: true } } }), null);
  assert.equal(asked.sysusers, true);
  const unit = asked.units.find(({ name }) => name === "systemd-sysusers.service");
  assert.match(unit?.dropInText ?? unit?.text ?? "", /\[Unit\]\nConditionNeedsUpdate=\n$/);
  assert.equal(guestFiles(guestConfig({}), null).sysusers, undefined);
});

test("values of variables are quoted for the shell", () => {
  const files = filesOf({ environment: { variables: { A: "it's $(touch x)", B: "plain" } } });
  assert.equal(files["etc/profile.d/microvm.sh"], "export A='it'\\''s $(touch x)'\nexport B=plain\n");
});

test("files have their modes", () => {
  const files = filesOf({
    environment: {
      etc: { "secret/key": { text: "k", mode: "0600" } },
      files: { "/usr/local/bin/x": { text: "#!/bin/sh\n", mode: "755" } },
    },
  });
  assert.equal(files["etc/secret/key"], "(600) k");
  assert.equal(files["usr/local/bin/x"], "(755) #!/bin/sh\n");
});

test("generated files name the option and its modules in their first line, a script's behind its interpreter", () => {
  const origin = { option: "services.x", definedIn: ["a.ts", "b\n.ts"] };
  const files = filesOf({
    environment: {
      etc: {
        plain: { text: "a\n", origin },
        script: { text: "#!/bin/sh\na\n", origin },
        own: { text: "a\n" },
      },
    },
  });
  assert.equal(files["etc/plain"], "# services.x, a.ts, b?.ts\na\n");
  assert.equal(files["etc/script"], "#!/bin/sh\n# services.x, a.ts, b?.ts\na\n");
  assert.equal(files["etc/own"], "a\n");
});

test("kernel settings, modules, the time zone and autologin have their files", () => {
  const files = filesOf({
    boot: { kernelModules: ["nbd"], kernel: { sysctl: { "vm.swappiness": 10, "net.x": true } } },
    time: { timeZone: "Europe/Berlin" },
    services: { getty: { autologinUser: "root" } },
  });
  assert.equal(files["etc/modules-load.d/microvm.conf"], "nbd\n");
  const modprobe = {
    blacklistedKernelModules: ["a", "b-c"],
    extraModprobeConfig: "options nbd nbds_max=4\n",
  };
  const more = filesOf({ boot: modprobe });
  assert.equal(more["etc/modprobe.d/microvm-blacklist.conf"], "blacklist a\nblacklist b-c\n");
  assert.equal(more["etc/modprobe.d/zz-microvm.conf"], "options nbd nbds_max=4\n");
  assert.equal(files["etc/sysctl.d/60-microvm.conf"], "vm.swappiness = 10\nnet.x = 1\n");
  assert.equal(files["etc/localtime"], "→ /usr/share/zoneinfo/Europe/Berlin");
  assert.match(files["etc/systemd/system/serial-getty@.service.d/autologin.conf"]!, /--autologin root /);
});

test("units that a target does not start are masked there, unless one is declared to be started", () => {
  const path = "etc/systemd/system/multi-user.target.wants/systemd-logind.service";
  assert.equal(filesOf({})[path], "→ /dev/null");
  const wantedBy = ["multi-user.target"];
  assert.equal(filesOf({ systemd: { services: { "systemd-logind": { wantedBy } } } })[path], undefined);
  assert.equal(filesOf({ microvm: { optimize: { unwanted: {} } } })[path], undefined);
  // Without an agent the power button is all that there is.
  const alone = filesOf({ services: { qemuGuest: { enable: false } } });
  assert.equal(alone[path], undefined);
  assert.doesNotMatch(alone["usr/local/lib/microvm/coldplug"]!, / acpi /);
  assert.match(filesOf({})["usr/local/lib/microvm/coldplug"]!, /\n {4}virtio-ports \| .* \| acpi \|/);
});

test("what systemd loads and generates follows from what it is told", () => {
  const blacklist = (config: object) => filesOf(config)["etc/modprobe.d/microvm.conf"]!;
  assert.match(blacklist({}), /^blacklist autofs4$/m);
  const automounts = [{ where: "/mnt" }];
  assert.doesNotMatch(blacklist({ systemd: { automounts } }), /autofs4/);
  const quiet = "etc/systemd/system/qemu-guest-agent.service.d/microvm.conf";
  assert.match(filesOf({})[quiet]!, /^LogLevelMax=notice$/m);
  assert.equal(filesOf({ services: { qemuGuest: { enable: false } } })[quiet], undefined);
  const generator = "etc/systemd/system-generators/systemd-debug-generator";
  assert.equal(filesOf({})[generator], "→ /dev/null");
  assert.equal(filesOf({ boot: { kernelParams: ["systemd.mask=a.service"] } })[generator], undefined);
  assert.equal(filesOf({})["etc/udev/rules.d/78-sound-card.rules"], "→ /dev/null");
  assert.equal(
    filesOf({ microvm: { optimize: { maskedUdevRules: [] } } })["etc/udev/rules.d/78-sound-card.rules"],
    undefined,
  );
});

test("the program that tells udev of devices is POSIX shell", { skip: missing("shellcheck") }, () => {
  assert.equal(lint(coldplugScript(["cpu"])), "");
});

test("masked units lead nowhere, and optimizing can be turned off", () => {
  const masked = filesOf({ systemd: { maskedUnits: mkForce(["a.timer"]) } });
  assert.equal(masked["etc/systemd/system/a.timer"], "→ /dev/null");
  const plain = filesOf({ microvm: { optimize: { enable: false } } });
  assert.ok(!Object.values(plain).includes("→ /dev/null"));
  assert.equal(plain["etc/dpkg/dpkg.cfg.d/microvm"], undefined);
});

test("networkd does without libbpf as systemd does", () => {
  const files = (module: object) =>
    Object.keys(filesOf(module)).filter((path) => /bpf|networkd\.service\.d/.test(path));
  const [library, dropIn] = [
    "usr/local/lib/microvm/without-bpf/libbpf.so.1",
    "etc/systemd/system/systemd-networkd.service.d/microvm.conf",
  ];
  const microvm = { interfaces: [{ type: "user", id: "net0" }] };
  assert.deepEqual(files({ microvm }).sort(), [dropIn, library]);
  assert.deepEqual(files({}), [library]);
  assert.deepEqual(files({ microvm: { ...microvm, optimize: { systemdBpf: true } } }), []);
});

test("what the initrd mounted stays until the end, unless it is declared", () => {
  const lasting = (module: object) =>
    Object.entries(filesOf(module, "/microvm/.ro-store"))
      .filter(([, text]) => text.includes("DefaultDependencies=no"))
      .map(([path]) => /([^/]+)\.mount(\.d\/microvm\.conf)?$/.exec(path)?.[1])
      .filter((name) => name !== undefined);
  const all = ["home", "microvm-.ro\\x2dstore", "opt", "root", "srv", "tmp", "var"];
  assert.deepEqual(lasting({}), all);
  assert.deepEqual(lasting({ microvm: { writableStoreOverlay: true } }), ["microvm-.ro\\x2dstore", "tmp"]);
  assert.deepEqual(
    lasting({
      fileSystems: { "/home": { fsType: "tmpfs" } },
      systemd: { mounts: [{ what: "tmpfs", type: "tmpfs", where: "/srv/" }] },
    }),
    all.filter((name) => name !== "home" && name !== "srv"),
  );
  assert.deepEqual(lasting({ microvm: { optimize: { enable: false } } }), []);
  // What runs in an image can write everywhere: there is nothing above its system that could be mounted.
  const { entries } = guestFiles(guestConfig({}), null, undefined, "box", true);
  assert.ok(!entries.some(({ path }) => path.endsWith("/var.mount")));
});
