/** What a host in a container is made of: layers that this program builds, and the program as npm packs and installs it. */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "../../src/os/files.ts";
import { lockFile } from "../../src/os/locks.ts";
import { run } from "../../src/os/processes.ts";
import { microvm, project, ROOT, STORE } from "../support.ts";

/** Beside the shared store, so that overlays of both can be on one file system. */
export const HOSTS = `${STORE}-hosts`;

/** What a host has beyond a base with systemd. */
const PACKAGES = [
  "dbus",
  "dbus-user-session",
  "git",
  "iproute2",
  "libpam-systemd",
  "nftables",
  "procps",
  "uidmap",
];

/** The layers of a host's root, topmost first. They are a guest's, and stay in the shared store. */
export async function hostLayers(): Promise<readonly string[]> {
  const directory = project({
    "microvm.config.ts": `
      import { debian, defineProject } from "microvm";
      export default defineProject({
        microvms: { host: {
          pkgs: debian({ suite: "trixie", architecture: "amd64" }),
          config: { environment: { packages: ${JSON.stringify(PACKAGES)} } },
        } },
      });
    `,
  });
  const { stdout, stderr, code } = await microvm(["build", "--quiet", directory]);
  if (code !== 0) throw new Error(`The host's layers cannot be built:\n${stderr}`);
  const system = JSON.parse(readFileSync(join(stdout.trim(), "share/microvm/system/system.json"), "utf8"));
  return (system.layers as string[])
    .filter((name) => /-(packages|services|base)$/.test(name))
    .map((name) => join(STORE, name));
}

/** The directory where the program is installed from its package, with what it depends on. */
export async function installedProgram(): Promise<string> {
  const directory = join(HOSTS, `program-${digestOfSources()}`);
  // Packing makes the package in the checkout: one at a time.
  await using _lock = await lockFile(join(HOSTS, ".lock"));
  if (existsSync(directory)) return directory;
  for (const name of readdirSync(HOSTS)) {
    if (/^program-\w+$/.test(name)) rmSync(join(HOSTS, name), { recursive: true });
  }
  const making = `${directory}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  writeFileSync(join(making, "package.json"), '{ "private": true }\n');
  const packed = await run(["npm", "pack", "--silent", "--pack-destination", making], { cwd: ROOT });
  const archive = join(making, packed.toString().trim().split("\n").at(-1)!);
  await run(["npm", "install", "--silent", "--no-audit", "--no-fund", archive], { cwd: making });
  renameSync(making, directory);
  return directory;
}

/** Changes with whatever the package is made from. */
function digestOfSources(): string {
  const files = ["src", "bin"].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const hash = createHash("sha256");
  for (const file of [
    ...files,
    ...["package.json", "tools/build.ts", "tools/bundle.ts"].map((name) => join(ROOT, name)),
  ].sort()) {
    hash.update(`${basename(file)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}
