import assert from "node:assert/strict";
import { test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { examine } from "./doctor.ts";
import { type MachineState, machineState } from "./doctor-facts.ts";
import { testMachine } from "./testing/machine.ts";

const PLACE = { isThere: true, isWritable: true, free: 50 * 1024 ** 3, freeInodes: 1e7, device: 1 };

const GOOD: MachineState = {
  ...{ uid: 0, user: "root", node: "24.0.0", architecture: "x64", virtualises: true, unitsWritable: true },
  devices: { kvm: "open", tun: "open", vhostNet: "open", vhostVsock: "open", fuse: "open" },
  systemd: { runs: true, answers: true, version: "257" },
  ...{ subordinateIds: null, overlay: true, isHost: true, hasKvmGroup: true },
  store: { ...PLACE, path: "/store" },
  state: { ...PLACE, path: "/state" },
  programs: { git: true, ssh: true, journalctl: true },
};

const findingsOf = (changes: Partial<MachineState>) =>
  examine({ ...GOOD, ...changes })
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ what, verdict, found, cure }) => `${verdict} ${what}: ${found} -> ${cure}`);

test("a machine with everything has nothing to be told", () => {
  assert.deepEqual(findingsOf({}), []);
  assert.ok(examine(GOOD).every(({ cure }) => cure === null));
});

test("everything that is missing has its cure", () => {
  const devices = (changes: Partial<MachineState["devices"]>) => ({
    devices: { ...GOOD.devices, ...changes },
  });
  const user = { uid: 1000, user: "ann" };
  const works = { has: true, works: true };
  const ids =
    'As root, install "uidmap" and run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann';
  const slow = "guests are emulated, about ten times slower";
  const cases: readonly (readonly [Partial<MachineState>, string])[] = [
    [
      { ...user, subordinateIds: { has: false, works: false } },
      `fault subordinate ids: "ann" has none in /etc/subuid and /etc/subgid -> ${ids}; or run microvm as root`,
    ],
    [
      { ...user, subordinateIds: { has: true, works: false } },
      `fault subordinate ids: a namespace with them cannot be made -> ${ids}; where the kernel forbids it, run microvm as root`,
    ],
    [
      { store: { ...GOOD.store, isWritable: false } },
      'fault store: "/store" cannot be written to by this user -> Run microvm as root, or set MICROVM_STORE',
    ],
    [
      { state: { ...GOOD.state, isThere: false, isWritable: false } },
      'fault state directory: "/state" is not there and cannot be made by this user -> Run microvm as root, or set MICROVM_STATE_DIR',
    ],
    [
      { store: { ...GOOD.store, free: 1024 ** 3 / 2 } },
      'note store: 0.5 GiB free in "/store" -> Free some with "microvm gc", or set MICROVM_STORE to a larger disk',
    ],
    [
      { store: { ...GOOD.store, freeInodes: 12 } },
      'note store: only 12 more files fit in "/store" -> Free some with "microvm gc", or set MICROVM_STORE to a larger disk',
    ],
    [
      { overlay: false },
      "fault overlayfs: the kernel lacks it: no guest's packages can be configured -> Load it: modprobe overlay; or use a kernel that has it",
    ],
    [
      { virtualises: false },
      `note KVM: the processor offers no virtualisation: ${slow} -> Turn virtualisation on in the firmware (VT-x, AMD-V), or nested virtualisation where this is a VM itself`,
    ],
    [
      devices({ kvm: "missing" }),
      `note KVM: /dev/kvm is not there: ${slow} -> Load its module: modprobe kvm_intel, or kvm_amd`,
    ],
    [
      { ...user, subordinateIds: works, ...devices({ kvm: "forbidden" }) },
      `note KVM: /dev/kvm does not open for "ann": ${slow} -> As root: usermod --append --groups kvm ann; then log in again`,
    ],
    [
      devices({ tun: "missing" }),
      "note tap interfaces: /dev/net/tun does not open: only user networking works -> Load its module: modprobe tun",
    ],
    [
      devices({ vhostNet: "missing" }),
      "note vhost-net: /dev/vhost-net is not there: packets of tap interfaces take a longer way -> Load its module: modprobe vhost_net",
    ],
    [
      devices({ vhostVsock: "forbidden" }),
      'note vhost-vsock: /dev/vhost-vsock does not open: VMs with "microvm.vsock.cid" cannot start -> Let this user read and write /dev/vhost-vsock',
    ],
    [
      { systemd: { runs: false, answers: false, version: null } },
      'note systemd: it does not run this machine: "microvm run" works, installed VMs do not -> Use a system with systemd for installed VMs',
    ],
    [
      { ...user, subordinateIds: works, systemd: { runs: true, answers: false, version: null } },
      'note systemd: it does not answer this user: "microvm run" works, installed VMs do not -> Log in as this user, or as root run: loginctl enable-linger ann',
    ],
    [
      { systemd: { runs: true, answers: true, version: "245.4" } },
      "note systemd: version 245.4: the units are made for 252 and newer -> Update the system",
    ],
    [
      { isHost: false, unitsWritable: false },
      "note units: units cannot be written: this machine cannot become a host -> Run microvm as root on a system whose /etc can be written to",
    ],
    [
      { isHost: false },
      'note units: this machine is no host of VMs yet -> Make it one: "microvm init" writes a project, "microvm switch" does it',
    ],
    [
      { programs: { ...GOOD.programs, git: false } },
      'note git: it is not on PATH: only projects on this machine can be used -> Install the package "git"',
    ],
  ];
  for (const [changes, text] of cases) assert.deepEqual(findingsOf(changes), [text]);
});

test("this machine is looked at without changing anything", async (t) => {
  const directory = temporaryDirectory(t);
  const state = await machineState(testMachine(directory));
  assert.equal(state.node, process.versions.node);
  assert.deepEqual([state.store.isThere, state.store.isWritable, state.isHost], [true, true, false]);
  assert.ok(state.store.free > 0 && state.store.freeInodes > 0);
  const elsewhere = { ...testMachine(directory), storeDirectory: `${directory}/not/there` };
  assert.deepEqual((await machineState(elsewhere)).store.isThere, false);
});
