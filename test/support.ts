/** What the system tests share: one store, the program as a child, projects in temporary directories. */

import { cpSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "../src/os/files.ts";
import { type ChildProcess, ended, runToEnd, spawn } from "../src/os/processes.ts";
import { layoutArchive, layoutFiles } from "../src/packages/oci/testing.ts";

export const ROOT = resolve(import.meta.dirname, "..");

/** Shared by all system tests, and kept between runs. */
export const STORE = process.env.MICROVM_TEST_STORE ?? join(ROOT, ".test-store");

const EXAMPLES = join(ROOT, "examples");

/** A directory that is removed after the file's tests, whatever happens. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "microvm-test-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const state = temporaryDirectory();

/** The environment of the program under test. */
export function environment(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
  mkdirSync(STORE, { recursive: true });
  return {
    PATH: process.env.PATH ?? "",
    HOME: process.env.HOME ?? "/root",
    MICROVM_STORE: STORE,
    MICROVM_STATE_DIR: state,
    XDG_CACHE_HOME: join(ROOT, "node_modules/.cache"),
    NO_COLOR: "1",
    ...changes,
  };
}

/** Starts the program: from its sources, when a file of tests is run by itself. */
export const PROGRAM = [process.execPath, process.env.MICROVM_TEST_PROGRAM ?? join(ROOT, "bin/microvm.js")];

/** Runs the program to its end. */
export async function microvm(args: readonly string[], changes: Readonly<Record<string, string>> = {}) {
  const { stdout, stderr, code } = await runToEnd([...PROGRAM, ...args], { env: environment(changes) });
  return { stdout: stdout.toString(), stderr: stderr.toString(), code };
}

/** Runs the program below a command, such as `unshare`, that sets its stage. */
export async function microvmBelow(
  command: readonly string[],
  args: readonly string[],
  changes: Readonly<Record<string, string>> = {},
) {
  const { stdout, stderr, code } = await runToEnd([...command, ...PROGRAM, ...args], {
    env: environment(changes),
  });
  return { stdout: stdout.toString(), stderr: stderr.toString(), code };
}

/**
 * The program as a running child, its output collected. It is killed after the file's tests. `below` is a command, such
 * as `nsenter`, that sets its stage.
 */
export function startMicrovm(
  args: readonly string[],
  changes: Readonly<Record<string, string>> = {},
  below: readonly string[] = [],
) {
  const [program, ...first] = [...below, ...PROGRAM];
  const child: ChildProcess = spawn(program!, [...first, ...args], {
    env: environment(changes),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const waiting = new Set<() => void>();
  const take = (chunk: Buffer) => {
    output += chunk;
    for (const wake of waiting) wake();
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  const exited = ended(child);
  after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  return {
    child,
    exited,
    output: () => output,
    /** Waits until the output matches; fails when the program ends before. */
    async until(pattern: RegExp): Promise<void> {
      const ends = exited.then((code) => {
        if (!pattern.test(output))
          throw new Error(`ended with ${code} before ${pattern}:\n${output.slice(-3000)}`);
      });
      while (!pattern.test(output)) {
        await Promise.race([new Promise<void>((wake) => waiting.add(wake)), ends]);
      }
    },
  };
}

/** A project with these files; `microvm.config.ts` is one of them. Returns its directory. */
export function project(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

/** A project with one VM, `guest`; `pkgs` is an expression, `config` what stands between the braces. */
function vmProject(pkgs: string, config: string, files: Readonly<Record<string, string>> = {}): string {
  return project({
    ...files,
    "microvm.config.ts": `
      import { debian, defineProject, mkForce, oci } from "microvm";
      void [debian, mkForce, oci];
      export default defineProject({
        hosts: {
          default: ({ storeDir }) => ({
            microvm: { vms: { guest: {
              pkgs: ${pkgs},
              config: { ${config} },
            } } },
          }),
        },
      });
    `,
  });
}

/** A project with one VM of trixie; `config` and `set` are what stands between the braces. */
export function guestProject(config: string, set = ""): string {
  return vmProject(`debian({ suite: "trixie", architecture: "amd64", ${set} })`, config);
}

/** Of every guest of an image, with more applets than it is called by. */
export const BUSYBOX = "/.microvm/bin/busybox";

/**
 * The archive of an image with nothing in it, as text: its guest has busybox, is up in a few seconds, and takes a fifth
 * of the processor's time that one with systemd takes.
 */
export const EMPTY_IMAGE = layoutArchive(layoutFiles({ layers: [{ files: [] }] })).toString();

/** A project with a guest of this image; `config` is what stands between the braces. */
export function imageGuestProject(config: string): string {
  const pkgs = 'oci({ archive: "image.tar", architecture: "amd64" })';
  return vmProject(pkgs, config, { "image.tar": EMPTY_IMAGE });
}

/**
 * An example in a directory of its own, so that its lock does not stand in the checkout; with these texts of its file
 * replaced, which must be there.
 */
export function exampleCopy(name = "my-microvm", changes: Readonly<Record<string, string>> = {}): string {
  const directory = join(temporaryDirectory(), name);
  cpSync(join(EXAMPLES, name), directory, {
    recursive: true,
    filter: (path) => !path.endsWith("microvm.lock"),
  });
  const file = join(directory, "microvm.config.ts");
  const text = Object.entries(changes).reduce(
    (before, [from, to]) => {
      if (!before.includes(from)) throw new Error(`The example "${name}" has no "${from}"`);
      return before.replace(from, () => to);
    },
    readFileSync(file, "utf8"),
  );
  writeFileSync(file, text);
  return directory;
}

/** A port that nobody has at the moment. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Why a test of mounts and namespaces cannot run here, if it cannot. */
export const needsRoot = process.getuid?.() === 0 ? false : "needs root to set its stage";

/** A share of the store, as a guest declares it. */
export const STORE_SHARE = `shares: [{ source: storeDir, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" }]`;

/**
 * Files of store paths with such names, and their records, that hold one of these texts. There must be at least
 * `atLeast` such paths, so that the search is one.
 */
export function findInStore(names: RegExp, atLeast: number, texts: readonly string[]): string[] {
  const needles = texts.map((text) => Buffer.from(text));
  const paths = readdirSync(STORE).filter((name) => names.test(name));
  if (paths.length < atLeast) throw new Error(`The store has only ${paths.length} such paths: ${paths}`);
  return paths.flatMap((name) =>
    [join(STORE, ".info", `${name}.json`), ...filesAt(join(STORE, name))].filter((file) => {
      const content = readFileSync(file);
      return needles.some((needle) => content.includes(needle));
    }),
  );
}

/** The files below a place. Links are not followed: a runner leads to everything in its guest. */
function filesAt(place: string): string[] {
  const status = lstatSync(place);
  if (status.isDirectory()) return readdirSync(place).flatMap((name) => filesAt(join(place, name)));
  return status.isFile() ? [place] : [];
}
