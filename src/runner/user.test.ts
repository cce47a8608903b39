import assert from "node:assert/strict";
import { chmodSync, chownSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { qemu } from "../hypervisors/qemu.ts";
import { machine, share } from "../hypervisors/testing/machine.ts";
import { interfaceScripts } from "./interface-scripts.ts";
import { runScript, virtiofsdScript } from "./scripts.ts";
import { ON_PATH, volume } from "./testing/volume.ts";
import { PRINT_ARGUMENTS, workplace } from "./testing/workplace.ts";

const skip = process.getuid?.() === 0 ? false : "needs root, which becomes another user";

/** On every Debian and most others (base-passwd). */
const USER = "nobody";
const { uid, gid } = { uid: 65534, gid: 65534 };

const TELL = 'echo "$(id -u) $(id -g) $(id -Gn) $(stat -c %a,%u,%g .)"';

function runOf(user: string | null, volumes = [volume("data.img", { autoCreate: false, size: null })]) {
  return runScript(machine({ user }), qemu, {
    hostArchitecture: "amd64",
    program: { onPath: "hypervisor" },
    dataDirectories: [],
    modules: null,
    preStart: "id -u >before",
    volumes,
    volumePrograms: ON_PATH,
    hostKeys: [],
    sshKeygen: { onPath: "ssh-keygen" },
    extraArgsScript: null,
  });
}

/** A workplace that others can reach. */
function openPlace(t: TestContext) {
  const place = workplace(t);
  chmodSync(dirname(place.vm), 0o755);
  return place;
}

test("root's hypervisor runs as the guest's user, who has the volumes and cannot take what root left", {
  skip,
}, (t) => {
  const place = openPlace(t);
  place.program("hypervisor", TELL);
  writeFileSync(join(place.vm, "data.img"), "");
  writeFileSync(join(place.vm, "console.log"), "");
  symlinkSync("/etc/hostname", join(place.vm, "booted"));
  const { status, stdout, stderr } = place.run(place.script("microvm-run", runOf(USER)));
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, new RegExp(`^${uid} ${gid} nogroup 1770,0,${gid}\n$`));
  assert.equal(place.read("before"), `${uid}\n`);
  assert.equal(statSync(join(place.vm, "data.img")).uid, uid);
  assert.equal(statSync(join(place.vm, "console.log")).uid, 0);
});

test("a volume that is a link, or has another name elsewhere, is not given away", { skip }, (t) => {
  const place = openPlace(t);
  place.program("hypervisor", TELL);
  const outside = join(dirname(place.vm), "outside");
  writeFileSync(outside, "");
  symlinkSync(outside, join(place.vm, "data.img"));
  const script = place.script("microvm-run", runOf(USER));
  assert.equal(place.run(script).status, 0);
  assert.equal(statSync(outside).uid, 0);
});

test("a directory of the user's own stays as it is", { skip }, (t) => {
  const place = openPlace(t);
  place.program("hypervisor", TELL);
  chmodSync(place.vm, 0o700);
  chownSync(place.vm, uid, gid);
  writeFileSync(join(place.vm, "data.img"), "");
  const { stdout } = place.run(place.script("microvm-run", runOf(USER)));
  assert.match(stdout, new RegExp(` 700,${uid},${gid}\n$`));
});

test("without the option, and in a user's own namespace, the user does not change", { skip }, (t) => {
  const place = openPlace(t);
  place.program("hypervisor", "id -u");
  writeFileSync(join(place.vm, "data.img"), "");
  assert.equal(place.run(place.script("microvm-run", runOf(null))).stdout, "0\n");
  const inNamespace = { MICROVM_USER_NAMESPACE: "1000" };
  assert.equal(place.run(place.script("microvm-run", runOf(USER)), inNamespace).stdout, "0\n");
});

test("a store that only its group may enter is entered by that group, and never by root's", { skip }, (t) => {
  const place = openPlace(t);
  place.program("hypervisor", "id -G");
  writeFileSync(join(place.vm, "data.img"), "");
  const script = place.script("microvm-run", runOf(USER));
  chownSync(place.store, 0, 4242);
  assert.equal(place.run(script).stdout, `${gid}\n`);
  chmodSync(place.store, 0o710);
  assert.equal(place.run(script).stdout, `${gid} 4242\n`);
  chownSync(place.store, 0, 0);
  assert.notEqual(place.run(script).status, 0);
});

test("a user who is not there is named", { skip }, (t) => {
  const place = openPlace(t);
  const { status, stderr } = place.run(place.script("microvm-run", runOf("no-such-user")));
  assert.equal(status, 1);
  assert.equal(stderr, 'microvm-run: "microvm.user" is "no-such-user", and this host has no such user\n');
});

test("sockets of virtiofsd belong to the asked group, or to that of the user", { skip }, (t) => {
  const place = openPlace(t);
  place.program("virtiofsd", PRINT_ARGUMENTS);
  const groupOf = (group: string | { ofUser: string } | null, more = {}) => {
    const text = virtiofsdScript([share()], {
      program: { onPath: "virtiofsd" },
      threadPoolSize: null,
      inodeFileHandles: "prefer",
      group,
      extraArgs: [],
    });
    const { args } = place.run(place.script("virtiofsd-run", text), more);
    const at = args.indexOf("--socket-group");
    return at < 0 ? undefined : args[at + 1];
  };
  assert.equal(groupOf("kvm"), "kvm");
  assert.equal(groupOf({ ofUser: USER }), "nogroup");
  assert.equal(groupOf({ ofUser: USER }, { MICROVM_USER_NAMESPACE: "1000" }), undefined);
  assert.equal(groupOf(null), undefined);
});

test("taps are the user's, unless the one who calls the script says whose", () => {
  const tap = { type: "tap", id: "vm-a", mac: "02:00:00:00:00:01" } as const;
  const text = (user: string | null) =>
    interfaceScripts(machine({ user, interfaces: [tap] }), { onPath: "ip" })["tap-up"]!;
  assert.match(text("alice"), /^uid=\$\(id -u "\$\{MICROVM_USER:-alice\}"\)$/m);
  assert.match(text(null), /^uid=\$\(id -u "\$\{MICROVM_USER:-\$\(id -un\)\}"\)$/m);
});
