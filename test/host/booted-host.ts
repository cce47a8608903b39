/**
 * A host that is booted in a container from given layers: systemd as its first process, a network of its own without a way
 * out, no KVM. Tests and benchmarks make theirs with it.
 */
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { existsSync, mkdirSync, readTextIfExists, rmSync } from "../../src/os/files.ts";
import { type ChildProcess, ended, run, runToEnd, spawn } from "../../src/os/processes.ts";

/** A booted host. */
export interface Host {
  /** Runs a command to its end. */
  run(command: readonly string[], options?: HostCommand): Promise<Result>;
  /** The same, where failing is the test's failure: gives the standard output without the last line's end. */
  ok(command: readonly string[], options?: HostCommand): Promise<string>;
  /** Runs the program. */
  microvm(args: readonly string[], options?: HostCommand): Promise<Result>;
  /** Starts a command and leaves it running. It ends with the host at the latest. */
  start(command: readonly string[], options?: HostCommand): ChildProcess;
  /** Writes a file, with the directories above it. */
  write(path: string, text: string): Promise<void>;
  /** Waits until a command succeeds. */
  until(command: readonly string[], seconds?: number): Promise<void>;
  /** Shuts down as `poweroff` does, and boots again. */
  reboot(): Promise<void>;
  /** Takes the power away, and boots again. */
  crash(): Promise<void>;
}

/** One that is to be ended by whoever booted it. */
export interface BootedHost extends Host {
  /** Takes the power away, and removes what the host was. */
  end(): Promise<void>;
}

/** What a host is made of. */
export interface HostPlace {
  /** Of its control group. */
  readonly name: string;
  /** Where its root is put together; made, and removed at its end. On the file system of the layers. */
  readonly directory: string;
  /** Directories, topmost first. */
  readonly layers: readonly string[];
  /** Of the store on this machine. */
  readonly store: string;
  /** The program as the host has it: a path below what is bound there. */
  readonly program: string;
  /** What else of this machine is there, to be read only: `SOURCE:PATH`, or a path that is the same there. */
  readonly binds: readonly string[];
}

/** How a command is run on a host. */
export interface HostCommand {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What came of a command. */
export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Seconds that a host may take to boot or to shut down. */
const PATIENCE = 60;

const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin",
  HOME: "/root",
  LANG: "C.UTF-8",
  NO_COLOR: "1",
};

/** Why hosts cannot be booted here; false when they can. */
export function whyNoHost(): string | false {
  if (process.getuid?.() !== 0) return "needs root to boot a host in a container";
  const found = (process.env.PATH ?? "").split(":").some((path) => existsSync(join(path, "systemd-nspawn")));
  return found ? false : "needs systemd-nspawn, of the package systemd-container";
}

/** Boots a host. Nothing of it outlives this process. */
export async function bootHost(place: HostPlace): Promise<BootedHost> {
  await furnish(place);
  let machine = await boot(place);
  const command = (words: readonly string[], env = {}) => [
    ...["nsenter", "--target", String(machine.init), "--all", "--", "env", "--chdir=/", "-i"],
    ...Object.entries({ ...ENVIRONMENT, ...env }).map(([key, value]) => `${key}=${value}`),
    ...words,
  ];
  const host: BootedHost = {
    async run(words, { input, env } = {}) {
      const result = await runToEnd(command(words, env), { ...(input !== undefined && { input }) });
      return { ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
    },
    async ok(words, options) {
      const { stdout, stderr, code } = await host.run(words, options);
      if (code !== 0) throw new Error(`${words.join(" ")}: exit status ${code}\n${stdout}${stderr}`);
      return stdout.trimEnd();
    },
    microvm: (args, options) => host.run(["microvm", ...args], options),
    start(words, { env } = {}) {
      const [first, ...rest] = command(words, env);
      return spawn(first!, rest, { stdio: ["ignore", "pipe", "pipe"] });
    },
    async write(path, text) {
      await host.ok(["sh", "-c", 'mkdir -p "$1" && cat >"$2"', "sh", dirname(path), path], { input: text });
    },
    until: (words, seconds = PATIENCE) =>
      poll(async () => (await host.run(words)).code === 0, seconds, words.join(" ")),
    async reboot() {
      await host.ok(["systemctl", "poweroff"]);
      await Promise.race([ended(machine.nspawn), delay(PATIENCE * 1000, undefined, { ref: false })]);
      await host.crash();
    },
    async crash() {
      machine.nspawn.kill("SIGKILL");
      await ended(machine.nspawn);
      await removeGroups(place.name);
      machine = await boot(place);
    },
    async end() {
      machine.nspawn.kill("SIGKILL");
      await ended(machine.nspawn);
      rmSync(place.directory, { recursive: true, force: true });
      await removeGroups(place.name);
    },
  };
  return host;
}

/** Writes what makes a root a host: the program in its place, and no questions at the first boot. */
async function furnish({ directory, program }: HostPlace): Promise<void> {
  const script = `
    mkdir -p upper/usr/local/bin upper/etc/systemd/system upper/var/lib/microvm/store upper/opt/microvm
    ln -s "$1" upper/usr/local/bin/microvm
    ln -s /dev/null upper/etc/systemd/system/systemd-firstboot.service
    echo testhost >upper/etc/hostname
  `;
  mkdirSync(directory, { recursive: true });
  await run(["sh", "-euc", script, "sh", program], { cwd: directory });
}

/** Boots, and waits until systemd has done all that it does at boot. */
async function boot({ name, directory, layers, store, binds }: HostPlace) {
  const script = join(import.meta.dirname, "boot.sh");
  const options = [
    `--bind=${store}:/var/lib/microvm/store`,
    ...[`${process.execPath}:/usr/local/bin/node`, ...binds].map((one) => `--bind-ro=${one}`),
  ];
  const nspawn = spawn(
    // The kernel ends all of it with this process, however it ends: systemd-nspawn alone would leave the host running.
    "setpriv",
    [
      ...["--pdeathsig", "KILL", "--", "unshare", "--mount", "--propagation", "slave"],
      ...["--pid", "--fork", "--kill-child", "--mount-proc", "--"],
      ...["sh", script, name, directory, layers.join(":"), ...options],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let console = "";
  for (const stream of [nspawn.stdout, nspawn.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      console = (console + chunk).slice(-16_384);
    });
  }
  let init: number | undefined;
  const isUp = async () => {
    if (nspawn.exitCode !== null) throw new Error(`The host did not boot:\n${console}`);
    init = childOf(childOf(nspawn.pid));
    if (init === undefined) return false;
    const enter = ["nsenter", "--target", String(init), "--all", "--"];
    const { stdout } = await runToEnd([...enter, "systemctl", "is-system-running"]);
    return ["running", "degraded"].includes(stdout.toString().trim());
  };
  await poll(isUp, PATIENCE, "boot").catch(async (error) => {
    nspawn.kill("SIGKILL");
    await ended(nspawn);
    await removeGroups(name);
    throw new Error(`${error}\n${console}`);
  });
  return { nspawn, init: init! };
}

/** The first process that a process started. Below `unshare` that is systemd-nspawn, below that the host's own first. */
function childOf(pid: number | undefined): number | undefined {
  const children = readTextIfExists(`/proc/${pid}/task/${pid}/children`)?.trim();
  return children ? Number(children.split(" ")[0]) : undefined;
}

async function poll(isDone: () => Promise<boolean>, seconds: number, what: string): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  // The longer it takes, the rarer it is looked at: a look costs those who work time.
  for (let pause = 50; !(await isDone()); pause = Math.min(pause * 1.3, 1000)) {
    if (Date.now() > deadline) throw new Error(`Not within ${seconds} seconds: ${what}`);
    await delay(pause);
  }
}

/** Removes a host's control groups, which are empty when its processes are gone. */
export async function removeGroups(name: string): Promise<void> {
  const script = `
    umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup
    for try in 1 2 3 4 5 6 7 8 9; do
      [ -d "/sys/fs/cgroup/$1" ] || exit 0
      find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} \\; 2>/dev/null || :
      sleep 0.1
    done
  `;
  await runToEnd(["unshare", "--mount", "--propagation", "slave", "--", "sh", "-c", script, "sh", name]);
}
