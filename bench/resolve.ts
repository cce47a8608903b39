/** Resolving a guest's packages: with nothing known yet, and again. The peer is apt with directories of its own. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { mkdirSync, writeFileSync } from "../src/os/files.ts";
import { download } from "../src/os/http.ts";
import { hostMirror } from "../src/packages/debian/mirror.ts";
import { debian } from "../src/packages/debian/package-set.ts";
import { fetchRelease } from "../src/packages/debian/release.ts";
import { sourcesOf } from "../src/packages/debian/sources.ts";
import { privateApt, whyNoApt } from "../test/private-apt.ts";
import { type Benchmark, type Figure, figure, type Setting } from "./benchmark.ts";
import { ownProgramCommand } from "./program.ts";
import type { Workspace } from "./workspace.ts";

/** A minimal systemd guest with a web server, as the examples have it. */
const WANTED = ["systemd-sysv", "udev", "dbus", "kmod", "iproute2", "openssh-server", "nginx"];

/** What was resolved before. */
const OTHERS = ["systemd-sysv", "udev"];

const SUITE = "trixie";

/**
 * Both sides read from a copy of the suite's index in a directory, so that the network has no part in the figures.
 * Both verify its signature when they read it for the first time.
 */
export const resolution: Benchmark = {
  name: "resolve",
  runs: 10,
  async measure(setting) {
    const mirror = await copySuite(setting.workspace);
    return [...(await measureCold(setting, mirror)), ...(await measureWarm(setting, mirror))];
  },
};

/** A mirror in a directory with this one suite's index, and no packages. */
async function copySuite({ directory }: Workspace): Promise<string> {
  const mirror = hostMirror("/etc/apt");
  const set = debian({ suite: SUITE, architecture: "amd64", updates: false, security: false });
  const release = await fetchRelease(sourcesOf(set)[0]!, [mirror]);
  const suite = join(directory, "mirror/dists", SUITE);
  mkdirSync(join(suite, "main/binary-amd64/by-hash/SHA256"), { recursive: true });
  writeFileSync(join(suite, "InRelease"), await download(`${mirror}/dists/${SUITE}/InRelease`));
  // Each side takes the form that it prefers.
  for (const form of ["gz", "xz"]) {
    const path = `main/binary-amd64/Packages.${form}`;
    const file = release.files.get(path);
    if (!file) throw new Error(`The suite has no ${path}`);
    const index = await download(`${mirror}/dists/${SUITE}/${path}`, { expected: file });
    writeFileSync(join(suite, path), index);
    writeFileSync(join(suite, "main/binary-amd64/by-hash/SHA256", file.sha256), index);
  }
  return pathToFileURL(join(directory, "mirror")).href;
}

interface Ours {
  readonly seconds: number;
  readonly milliseconds: number;
  readonly mebibytes: number;
}

/** In a process as the program's are; the archive's state is fetched when `indices` is used for the first time. */
async function ours(
  workspace: Workspace,
  mirror: string,
  indices: string,
  { memory = false, wanted = WANTED } = {},
): Promise<Ours> {
  const directory = join(workspace.directory, indices);
  const command = [
    ...(await ownProgramCommand(workspace, "resolve-once")),
    ...[mirror, directory, `${directory}.lock`, ...wanted],
  ];
  const env = { NODE_COMPILE_CACHE: join(workspace.directory, "compiled") };
  const { seconds, stdout, mebibytes = 0 } = await workspace.run(command, { memory, env });
  const { milliseconds } = JSON.parse(stdout) as { milliseconds: number };
  return { seconds, milliseconds, mebibytes };
}

function peerApt(workspace: Workspace, mirror: string, name: string) {
  const directory = join(workspace.directory, name);
  const apt = privateApt({ directory, mirror, suites: [SUITE], architecture: "amd64" });
  const env = { APT_CONFIG: join(directory, "apt.conf"), LC_ALL: "C" };
  const install = ["apt-get", "-qq", "--simulate", "--no-install-recommends", "install"];
  return {
    update: () => apt.update(),
    simulate: (memory = false) => workspace.run([...install, "?essential", ...WANTED], { env, memory }),
  };
}

async function measureCold({ runs, workspace, say }: Setting, mirror: string): Promise<Figure[]> {
  const own: number[] = [];
  const peer: number[] = [];
  for (let run = 1; run <= Math.min(runs, 3); run++) {
    own.push((await ours(workspace, mirror, `cold-${run}`)).seconds);
    if (!whyNoApt()) {
      const apt = peerApt(workspace, mirror, `apt-cold-${run}`);
      const start = performance.now();
      await apt.update();
      await apt.simulate();
      peer.push((performance.now() - start) / 1000);
    }
    say(`resolve-cold ${run}: ${own.at(-1)?.toFixed(2)}, apt ${peer.at(-1)?.toFixed(2)}`);
  }
  const what = "first resolution, index read and parsed (apt-get update, then install --simulate)";
  return [figure("resolve-cold", what, own, peer, noPeer())];
}

async function measureWarm({ runs, workspace, say }: Setting, mirror: string): Promise<Figure[]> {
  // Other wishes, so that the lock has the archive's state and not the resolution.
  const { mebibytes: coldMemory } = await ours(workspace, mirror, "warm", { memory: true, wanted: OTHERS });
  await ours(workspace, mirror, "warm");
  const apt = whyNoApt() ? undefined : peerApt(workspace, mirror, "apt-warm");
  await apt?.update();
  await apt?.simulate();
  const whole: number[] = [];
  const call: number[] = [];
  const peer: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const { seconds, milliseconds } = await ours(workspace, mirror, "warm");
    whole.push(seconds);
    call.push(milliseconds);
    if (apt) peer.push((await apt.simulate()).seconds);
    say(`resolve ${run}/${runs}: ${seconds.toFixed(3)}, apt ${peer.at(-1)?.toFixed(3)}`);
  }
  const { mebibytes: warmMemory } = await ours(workspace, mirror, "warm", { memory: true });
  const peerMemory = apt ? [(await apt.simulate(true)).mebibytes ?? 0] : [];
  const inProcess = peer.map((seconds) => seconds * 1000);
  return [
    figure(
      "resolve",
      "resolution of new wishes, archive known, whole process (install --simulate)",
      whole,
      peer,
      noPeer(),
    ),
    figure("resolve-call", "the same, only the call in a fresh process", call, inProcess, noPeer(), "ms"),
    figure("resolve-memory", "largest resident memory, again", [warmMemory], peerMemory, noPeer(), "MiB"),
    figure("resolve-cold-memory", "largest resident memory, first", [coldMemory], [], noPeer(), "MiB"),
  ];
}

function noPeer(): string | null {
  const why = whyNoApt();
  return why ? `no peer: ${why}` : null;
}
