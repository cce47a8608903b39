/** The peer: mmdebstrap, which makes a Debian root file system with what apt and dpkg do. */
import { delimiter, join } from "node:path";
import { DOCUMENTATION } from "../src/guest/debian-layer.ts";
import { existsSync } from "../src/os/files.ts";
import { mirrorsFor } from "../src/packages/debian/mirror.ts";
import { sourcesOf } from "../src/packages/debian/sources.ts";
import { type Example, packagesOfExample } from "./example.ts";
import type { Ran, Workspace } from "./workspace.ts";

/** What the peer's system has for an initrd. Ours makes its own. */
const INITRD_PACKAGE = "initramfs-tools";

/** Why the peer cannot run here, if it cannot. `more`: further programs that it then needs. */
export function peerProblem(...more: readonly string[]): string | undefined {
  for (const program of ["mmdebstrap", "unshare", ...more]) {
    const places = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
    if (places.some((place) => existsSync(join(place, program)))) continue;
    return `no peer: "${program}" is missing, apt-get install ${PACKAGES[program] ?? program}`;
  }
  if (process.getuid?.() !== 0) return "no peer: it is run as root only";
  return undefined;
}

const PACKAGES: Readonly<Record<string, string>> = { unshare: "util-linux", mke2fs: "e2fsprogs" };

/**
 * Makes the example's system with a kernel and a stock initrd in a directory: no image, which would only cost the
 * peer more. It gets the same suites of the same mirror, the same packages and leaves out the same documentation. Its processes and
 * mounts live in namespaces that end with it.
 */
export async function buildPeer(
  workspace: Workspace,
  example: Example,
  directory: string,
  { memory = false } = {},
): Promise<Ran> {
  const { set, names } = await packagesOfExample(example);
  const sources = sourcesOf(set).map(
    ({ repository, suite, components }) =>
      `deb ${mirrorsFor(set, repository)[0]} ${suite} ${components.join(" ")}`,
  );
  return await workspace.run(
    [
      ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["mmdebstrap", "--mode=root", "--variant=minbase", `--architectures=${set.architecture}`],
      `--components=${set.components.join(",")}`,
      `--include=${[...names, INITRD_PACKAGE].join(",")}`,
      ...DOCUMENTATION.exclude.map((path) => `--dpkgopt=path-exclude=${path}`),
      ...DOCUMENTATION.include.map((path) => `--dpkgopt=path-include=${path}`),
      ...[set.suite, directory, ...sources],
    ],
    // unshare passes no other signal on.
    { stopBy: "SIGKILL", memory },
  );
}
