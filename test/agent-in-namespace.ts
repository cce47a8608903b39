/**
 * A guest without a VM: the layers of one in namespaces of its own, with its real agent on a Unix socket, as the program
 * sees that of a VM. It starts at once.
 */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ChildProcess, ended, spawn } from "../src/os/processes.ts";
import { canConnect } from "../src/os/sockets.ts";
import { temporaryDirectory } from "./support.ts";

/** Arguments: the layers, topmost first and parted by colons; a directory to mount in; the directory of the socket. */
const STAGE = `
set -e
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cd "$2/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount --bind dev/pts/ptmx dev/ptmx
mount -t tmpfs tmpfs run
mkdir run/socket full
mount --bind "$3" run/socket
mount -t tmpfs -o size=100k tmpfs full
exec chroot . /usr/sbin/qemu-ga --method unix-listen --path /run/socket/guest.agent.sock --statedir /run
`;

/** The state directory of a "guest" of these built layers, and what runs there. */
export async function startAgent(
  runner: string,
): Promise<{ readonly state: string; readonly agent: ChildProcess }> {
  const layers = join(runner, "share/microvm/system/layers");
  const lower = readdirSync(layers)
    .sort()
    .map((name) => join(layers, name))
    .join(":");
  const state = temporaryDirectory();
  const directory = join(state, ".run/guest-0123456789ab");
  const booted = join(state, "runner");
  const stage = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  mkdirSync(join(booted, "share/microvm"), { recursive: true });
  const machine = { controlSocket: null, agentSocket: "guest.agent.sock", consoleSocket: null };
  writeFileSync(join(booted, "share/microvm/machine.json"), JSON.stringify({ version: 1, machine }));
  symlinkSync(booted, join(directory, "booted"));
  const namespaces = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
  const agent = spawn("unshare", [...namespaces, "sh", "-c", STAGE, "sh", lower, stage, directory], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  after(async () => {
    agent.kill("SIGKILL");
    await ended(agent);
  });
  for (let tries = 0; !(await canConnect(join(directory, "guest.agent.sock"))); tries++) {
    if (tries > 500 || agent.exitCode !== null) throw new Error("The agent did not start");
    await delay(20);
  }
  return { state, agent };
}
