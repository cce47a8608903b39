/** What a machine has that VMs need: looked at, nothing changed. */
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { systemCode } from "../errors.ts";
import {
  accessSync,
  closeSync,
  existsSync,
  fsConstants,
  openSync,
  readTextIfExists,
  statfsSync,
  statSync,
} from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { ownUid } from "../os/user-namespace.ts";
import { groupNumber, type HostMachine } from "./machine.ts";
import { hasSystemd } from "./systemd.ts";

/** A device: it opens, it is not there, or why it does not open. */
export type DeviceState = "open" | "missing" | "forbidden" | "dead";

/** A directory that is to be written to; facts of the nearest one above when it is not there yet. */
export interface PlaceFacts {
  readonly path: string;
  readonly isThere: boolean;
  readonly isWritable: boolean;
  /** Bytes that this user may still write there. */
  readonly free: number;
  readonly freeInodes: number;
  /** Number of its file system. */
  readonly device: number;
}

/** All that is looked at. */
export interface MachineState {
  readonly uid: number;
  readonly user: string;
  readonly node: string;
  readonly architecture: string;
  /** The processor says that it can run guests itself; on architectures that do not tell, true. */
  readonly virtualises: boolean;
  readonly devices: Readonly<Record<"kvm" | "tun" | "vhostNet" | "vhostVsock" | "fuse", DeviceState>>;
  readonly systemd: { readonly runs: boolean; readonly answers: boolean; readonly version: string | null };
  readonly unitsWritable: boolean;
  /** Of the user: has ranges of subordinate ids, and can make a namespace with them. Null for root, who needs none. */
  readonly subordinateIds: { readonly has: boolean; readonly works: boolean } | null;
  readonly overlay: boolean;
  readonly store: PlaceFacts;
  readonly state: PlaceFacts;
  readonly programs: Readonly<Record<"git" | "ssh" | "journalctl", boolean>>;
  /** The generation's units are there. */
  readonly isHost: boolean;
  /** Whether the group that VMs open devices by is there. */
  readonly hasKvmGroup: boolean;
}

/** Looks at this machine. */
export async function machineState(machine: HostMachine): Promise<MachineState> {
  const uid = ownUid();
  const { unitDirectory, scope } = machine;
  return {
    uid,
    user: userInfo().username,
    node: process.versions.node,
    architecture: process.arch,
    virtualises: process.arch !== "x64" || /\b(vmx|svm)\b/.test(readTextIfExists("/proc/cpuinfo") ?? ""),
    devices: {
      kvm: deviceState("/dev/kvm"),
      tun: deviceState("/dev/net/tun"),
      vhostNet: deviceState("/dev/vhost-net"),
      vhostVsock: deviceState("/dev/vhost-vsock"),
      fuse: deviceState("/dev/fuse"),
    },
    systemd: await systemdState(scope === "user"),
    unitsWritable: place(unitDirectory).isWritable,
    subordinateIds: uid === 0 ? null : await subordinateIds(),
    overlay: /\boverlay$/m.test(readTextIfExists("/proc/filesystems") ?? "") || (await hasModule("overlay")),
    store: place(machine.storeDirectory),
    state: place(machine.stateDirectory),
    programs: { git: isOnPath("git"), ssh: isOnPath("ssh"), journalctl: isOnPath("journalctl") },
    isHost: existsSync(join(unitDirectory, "microvm@.service")),
    hasKvmGroup: groupNumber("kvm") !== undefined,
  };
}

/** Opened, not looked at: the file can be there without the kernel's module. */
function deviceState(path: string): DeviceState {
  try {
    closeSync(openSync(path, fsConstants.O_RDWR | fsConstants.O_NONBLOCK));
    return "open";
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return "missing";
    return code === "EACCES" || code === "EPERM" ? "forbidden" : "dead";
  }
}

async function systemdState(isUser: boolean): Promise<MachineState["systemd"]> {
  if (!hasSystemd()) return { runs: false, answers: false, version: null };
  const command = ["systemctl", ...(isUser ? ["--user"] : []), "show", "--property=Version", "--value"];
  const result = await runToEnd(command).catch(() => undefined);
  const version = result?.code === 0 ? result.stdout.toString().trim() : "";
  return { runs: true, answers: version !== "", version: version || null };
}

async function subordinateIds(): Promise<MachineState["subordinateIds"]> {
  const { username, uid } = userInfo();
  const has = ["/etc/subuid", "/etc/subgid"].every((file) =>
    (readTextIfExists(file) ?? "")
      .split("\n")
      .some((line) => [username, String(uid)].includes(line.split(":")[0]!)),
  );
  const trial = await runToEnd(["unshare", "--user", "--map-root-user", "--map-auto", "--", "true"]).catch(
    () => undefined,
  );
  return { has, works: trial?.code === 0 };
}

async function hasModule(name: string): Promise<boolean> {
  const result = await runToEnd(["modprobe", "--dry-run", "--quiet", name]).catch(() => undefined);
  return result?.code === 0;
}

function place(path: string): PlaceFacts {
  let there = path;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize, ffree, files } = statfsSync(there);
  return {
    path,
    isThere: there === path,
    isWritable: isWritable(there),
    free: bavail * bsize,
    // File systems without a table of them say none at all.
    freeInodes: files === 0 ? Number.MAX_SAFE_INTEGER : ffree,
    device: statSync(there).dev,
  };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, fsConstants.W_OK | fsConstants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((directory) => existsSync(join(directory, program)));
}
