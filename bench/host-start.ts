/**
 * VMs below a host's units: one that starts and stops alone, many that start together, and what each that runs costs
 * beside its hypervisor. The host is a real systemd in a container.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readFileSync } from "../src/os/files.ts";
import { LOCK_FILE, PROJECT_FILE, runnerNames } from "../src/paths.ts";
import { type BootedHost, bootHost, whyNoHost } from "../test/host/booted-host.ts";
import { type Benchmark, figure } from "./benchmark.ts";
import { copyExample, type Example, microvm } from "./example.ts";
import { PROGRAM_TOP, programCommand } from "./program.ts";
import type { Workspace } from "./workspace.ts";

/** Of the project. */
const COUNT = 20;

const names = Array.from({ length: COUNT }, (_, index) => `vm${index}`);

/** How long a guest is left alone before it counts as idle, in seconds. */
const SETTLING = 10;

/** Each run starts and stops one VM alone; many are started once. A start ends when the units are active. */
export const hostStart: Benchmark = {
  name: "host-start",
  runs: 5,
  async measure({ runs, workspace, say }) {
    const problem = whyNoHost();
    if (problem !== false) {
      say(`host-start is left out: it ${problem}`);
      return [];
    }
    const host = await hostOf(workspace);
    try {
      await host.ok(["microvm", "switch", "--yes", "--quiet"]);
      const alone = await measureOne(host, runs, say);
      const together = await measureAll(host, say);
      const many = `${COUNT} VMs with one start`;
      const note = `no peer; ${availableParallelism()} processors, of whose time ${together.idle.toFixed(1)} % was idle while ${many} came up`;
      const kept = `no peer; proportional set sizes, of ${COUNT} VMs that run; ${together.others} processes are neither hypervisor nor virtiofsd`;
      return [
        figure("start-one", "start of a VM's unit, alone", alone.starts, [], note),
        figure("start-one-cpu", "its processor time", alone.cpu, [], note),
        figure("stop-one", "stop of the unit of an idle VM", alone.stops, [], note),
        figure("start-many", many, [together.seconds], [], note),
        figure("start-many-cpu", "their processor time", [together.cpu], [], note),
        figure("start-many-busy", "of all processors' time meanwhile", [together.busy], [], note, "%"),
        figure("idle-more", "a running VM beside hypervisor and virtiofsd", [together.more], [], kept, "MiB"),
        figure("idle-virtiofsd", "its virtiofsd", [together.virtiofsd], [], kept, "MiB"),
      ];
    } finally {
      await host.end();
    }
  },
};

/** A host that has the project's VMs in its store. */
async function hostOf(workspace: Workspace): Promise<BootedHost> {
  const example = copyExample(workspace, "host-start", "parallel");
  await microvm(workspace, { ...example, name: "" }, ["build", "--all"]);
  await programCommand(workspace);
  const host = await bootHost({
    name: `microvm-bench-${process.pid}`,
    directory: join(workspace.directory, "host"),
    layers: await layersOf(workspace, example),
    store: example.store,
    program: "/opt/microvm/bin/microvm.js",
    // Its own link to modules leads nowhere there; Node looks above it.
    binds: [
      `${join(workspace.directory, "program")}:/opt/microvm`,
      `${PROGRAM_TOP}/node_modules:/opt/node_modules`,
    ],
  });
  workspace.signal.addEventListener("abort", () => void host.end(), { once: true });
  for (const name of [PROJECT_FILE, LOCK_FILE]) {
    await host.write(`/etc/microvm/${name}`, readFileSync(join(example.project, name), "utf8"));
  }
  return host;
}

/** What the machine of the project is made of, without a kernel and a guest's settings. */
async function layersOf(workspace: Workspace, example: Example): Promise<readonly string[]> {
  const { stdout } = await microvm(workspace, { ...example, name: "machine" }, ["build"]);
  const file = join(stdout.trim(), runnerNames.system, "system.json");
  const { layers } = JSON.parse(readFileSync(file, "utf8")) as { readonly layers: readonly string[] };
  return layers
    .filter((name) => /-(packages|services|base)$/.test(name))
    .map((name) => join(example.store, name));
}

async function measureOne(host: BootedHost, runs: number, say: (text: string) => void) {
  const unit = ["microvm@vm0.service"];
  // What is only done at a first start is not measured, nor is a cold page cache.
  await host.ok(["systemctl", "start", ...unit]);
  await host.ok(["systemctl", "stop", ...unit]);
  const [starts, cpu, stops] = [[], [], []] as number[][] as [number[], number[], number[]];
  for (let run = 1; run <= runs; run++) {
    const start = await watched(host, ["systemctl", "start", ...unit]);
    await host.ok(["sleep", String(SETTLING)]);
    const stop = await watched(host, ["systemctl", "stop", ...unit]);
    starts.push(start.seconds);
    cpu.push(start.cpu);
    stops.push(stop.seconds);
    say(
      `start, processor, stop ${run}/${runs}: ${[start.seconds, start.cpu, stop.seconds].map((one) => one.toFixed(2)).join(", ")}`,
    );
  }
  return { starts, cpu, stops };
}

async function measureAll(host: BootedHost, say: (text: string) => void) {
  const before = await managerMemory(host);
  const start = await watched(host, [
    "systemctl",
    "start",
    ...names.map((name) => `microvm@${name}.service`),
  ]);
  await host.ok(["sleep", String(SETTLING)]);
  const memory = await memoryOfVms(host);
  const more = (memory.other.mebibytes + (await managerMemory(host)) - before) / COUNT;
  const all = start.seconds * availableParallelism();
  const result = {
    ...start,
    busy: (start.cpu / all) * 100,
    idle: (start.idle / all) * 100,
    others: memory.other.count,
    more,
    virtiofsd: memory.virtiofsd.mebibytes / COUNT,
  };
  say(`${COUNT} VMs: ${start.seconds.toFixed(1)}, busy ${result.busy.toFixed(1)} %`);
  return result;
}

/** Runs a command on the host: seconds until its end, and of the processors, the host's and those that had nothing to do. */
async function watched(host: BootedHost, command: readonly string[]) {
  const [cpu, idle, start] = [await cpuSeconds(host), idleSeconds(), performance.now()];
  await host.ok(command);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, cpu: (await cpuSeconds(host)) - cpu, idle: idleSeconds() - idle };
}

/** Of all that runs on the host, since it was booted. */
async function cpuSeconds(host: BootedHost): Promise<number> {
  const text = await host.ok(["cat", "/sys/fs/cgroup/cpu.stat"]);
  return Number(/^usage_usec (\d+)$/m.exec(text)![1]) / 1e6;
}

/** Of this machine's processors, with nothing to do or waiting for a disk; proc_stat(5), in hundredths. */
function idleSeconds(): number {
  const [, , , , idle, waiting] = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/ +/);
  return (Number(idle) + Number(waiting)) / 100;
}

/** Of the host's service manager, in MiB. */
async function managerMemory(host: BootedHost): Promise<number> {
  return Number(await host.ok(["awk", "/^Pss:/ { print $2 }", "/proc/1/smaps_rollup"])) / 1024;
}

/** Processes of all VMs' slices, by what they are. */
async function memoryOfVms(host: BootedHost) {
  const script = `
    cat $(find /sys/fs/cgroup/microvm.slice -name cgroup.procs) | while read -r pid; do
      kind=other
      for program in qemu-system virtiofsd; do
        if grep -q "/$program" "/proc/$pid/maps"; then kind=$program; fi
      done
      echo "$kind $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")"
    done
  `;
  const lines = (await host.ok(["sh", "-euc", script])).split("\n").map((line) => line.split(" "));
  const of = (kind: string) => {
    const sizes = lines.filter(([one]) => one === kind).map(([, kibibytes]) => Number(kibibytes));
    return { count: sizes.length, mebibytes: sizes.reduce((sum, size) => sum + size, 0) / 1024 };
  };
  if (of("qemu-system").count !== COUNT) throw new Error(`Not all VMs run:\n${lines.join("\n")}`);
  return { virtiofsd: of("virtiofsd"), other: of("other") };
}
