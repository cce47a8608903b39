/** What a machine has and lacks for VMs, each with its cure. Pure. */
import type { DeviceState, MachineState, PlaceFacts } from "./doctor-facts.ts";

/** How something stands: as it should; something is slower or left out without it; nothing works. */
export type Verdict = "ok" | "note" | "fault";

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly verdict: Verdict;
  /** What was found. */
  readonly found: string;
  /** What to do; null when nothing is to be done. */
  readonly cure: string | null;
}

/** Bytes that a build of a small guest and its tools takes, as measured with the example. */
const NEEDED_SPACE = 1024 ** 3;

/** Files of two systems of 200 packages. */
const NEEDED_INODES = 100_000;

/** systemd of Debian bookworm: what the units' directives need at least is older. */
const OLDEST_SYSTEMD = 252;

/** All findings, in the order in which they matter. */
export function examine(machine: MachineState): Finding[] {
  return [
    ...namespaces(machine),
    place("store", machine.store),
    place("state directory", machine.state),
    oneFileSystem(machine),
    overlay(machine),
    kvm(machine),
    tun(machine),
    vhost("vhost-net", machine.devices.vhostNet, "packets of tap interfaces take a longer way"),
    vhost("vhost-vsock", machine.devices.vhostVsock, 'VMs with "microvm.vsock.cid" cannot start'),
    systemd(machine),
    units(machine),
    git(machine),
  ];
}

function finding(what: string, verdict: Verdict, found: string, cure: string | null = null): Finding {
  return { what, verdict, found, cure };
}

function namespaces({ subordinateIds, user }: MachineState): Finding[] {
  if (subordinateIds === null) return [];
  const what = "subordinate ids";
  const cure = `As root, install "uidmap" and run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user}`;
  if (!subordinateIds.has) {
    return [
      finding(
        what,
        "fault",
        `"${user}" has none in /etc/subuid and /etc/subgid`,
        `${cure}; or run microvm as root`,
      ),
    ];
  }
  if (subordinateIds.works)
    return [finding(what, "ok", `"${user}" has some, and a namespace with them works`)];
  return [
    finding(
      what,
      "fault",
      "a namespace with them cannot be made",
      `${cure}; where the kernel forbids it, run microvm as root`,
    ),
  ];
}

function place(what: string, { path, isThere, isWritable, free, freeInodes }: PlaceFacts): Finding {
  const variable = what === "store" ? "MICROVM_STORE" : "MICROVM_STATE_DIR";
  if (!isWritable) {
    const made = isThere ? "" : "is not there and ";
    return finding(
      what,
      "fault",
      `"${path}" ${made}cannot be ${isThere ? "written to" : "made"} by this user`,
      `Run microvm as root, or set ${variable}`,
    );
  }
  const size = `${(free / 1024 ** 3).toFixed(1)} GiB free in "${path}"`;
  const isFull = free < NEEDED_SPACE || freeInodes < NEEDED_INODES;
  if (!isFull) return finding(what, "ok", size);
  const found = free < NEEDED_SPACE ? size : `only ${freeInodes} more files fit in "${path}"`;
  return finding(what, "note", found, `Free some with "microvm gc", or set ${variable} to a larger disk`);
}

function oneFileSystem({ store, state }: MachineState): Finding {
  const what = "file systems";
  if (store.device === state.device) return finding(what, "ok", "store and state directory are on one");
  return finding(
    what,
    "ok",
    "store and state directory are on two, and both must be mounted before VMs start",
  );
}

function overlay({ overlay: has }: MachineState): Finding {
  if (has) return finding("overlayfs", "ok", "the kernel has it");
  return finding(
    "overlayfs",
    "fault",
    "the kernel lacks it: no guest's packages can be configured",
    "Load it: modprobe overlay; or use a kernel that has it",
  );
}

function kvm({ devices, virtualises, hasKvmGroup, uid, user }: MachineState): Finding {
  const slow = "guests are emulated, about ten times slower";
  const state = devices.kvm;
  if (!virtualises) {
    const bios =
      "Turn virtualisation on in the firmware (VT-x, AMD-V), or nested virtualisation where this is a VM itself";
    return finding("KVM", "note", `the processor offers no virtualisation: ${slow}`, bios);
  }
  if (state === "open") return finding("KVM", "ok", "/dev/kvm opens");
  if (state === "forbidden" && uid !== 0) {
    const cure = hasKvmGroup
      ? `As root: usermod --append --groups kvm ${user}; then log in again`
      : "Let this user read and write /dev/kvm";
    return finding("KVM", "note", `/dev/kvm does not open for "${user}": ${slow}`, cure);
  }
  const found = state === "missing" ? "/dev/kvm is not there" : "/dev/kvm does not open";
  return finding("KVM", "note", `${found}: ${slow}`, "Load its module: modprobe kvm_intel, or kvm_amd");
}

function tun({ devices, uid }: MachineState): Finding {
  const what = "tap interfaces";
  if (devices.tun === "open") return finding(what, "ok", "/dev/net/tun opens");
  if (uid !== 0)
    return finding(
      what,
      "note",
      "/dev/net/tun does not open for this user: only user networking works",
      "Run microvm as root for tap interfaces",
    );
  return finding(
    what,
    "note",
    "/dev/net/tun does not open: only user networking works",
    "Load its module: modprobe tun",
  );
}

function vhost(what: string, state: DeviceState, without: string): Finding {
  if (state === "open") return finding(what, "ok", `/dev/${what} opens`);
  const cure =
    state === "forbidden"
      ? `Let this user read and write /dev/${what}`
      : `Load its module: modprobe ${what.replace("-", "_")}`;
  return finding(
    what,
    "note",
    `/dev/${what} ${state === "missing" ? "is not there" : "does not open"}: ${without}`,
    cure,
  );
}

function systemd({ systemd: { runs, answers, version }, uid, user }: MachineState): Finding {
  const only = '"microvm run" works, installed VMs do not';
  if (!runs)
    return finding(
      "systemd",
      "note",
      `it does not run this machine: ${only}`,
      "Use a system with systemd for installed VMs",
    );
  if (!answers) {
    const cure =
      uid === 0
        ? "Look why: systemctl status"
        : `Log in as this user, or as root run: loginctl enable-linger ${user}`;
    return finding("systemd", "note", `it does not answer this user: ${only}`, cure);
  }
  const number = Number.parseInt(version ?? "", 10);
  if (number < OLDEST_SYSTEMD) {
    return finding(
      "systemd",
      "note",
      `version ${version}: the units are made for ${OLDEST_SYSTEMD} and newer`,
      "Update the system",
    );
  }
  return finding("systemd", "ok", `version ${version}`);
}

function units({ systemd: { answers }, unitsWritable, isHost }: MachineState): Finding {
  if (isHost) return finding("units", "ok", "this machine is a host of VMs");
  if (answers && !unitsWritable) {
    return finding(
      "units",
      "note",
      "units cannot be written: this machine cannot become a host",
      "Run microvm as root on a system whose /etc can be written to",
    );
  }
  return finding(
    "units",
    "note",
    "this machine is no host of VMs yet",
    'Make it one: "microvm init" writes a project, "microvm switch" does it',
  );
}

function git({ programs }: MachineState): Finding {
  if (programs.git) return finding("git", "ok", "it is on PATH");
  return finding(
    "git",
    "note",
    "it is not on PATH: only projects on this machine can be used",
    'Install the package "git"',
  );
}
