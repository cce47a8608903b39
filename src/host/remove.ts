/** VMs that are to be gone: stopped, forgotten, and their directory removed, except for their volumes. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { lstatSync, readdirSync, removeTree, rmSync } from "../os/files.ts";
import { runToEnd } from "../os/processes.ts";
import { RUNNER_LINKS, vmNames } from "../paths.ts";
import { checkNotInForeground } from "./foreground.ts";
import { installedMachine } from "./installed-machines.ts";
import type { HostMachine } from "./machine.ts";
import { TEMPLATES, unitOf } from "./names.ts";
import { recordInForce } from "./overview.ts";
import { setPower } from "./power.ts";
import { hasSystemd, isRunning } from "./systemd.ts";
import { unitDetails } from "./unit-details.ts";

/** A file in a VM's directory that is not made again when it is gone. */
export interface KeptFile {
  readonly path: string;
  readonly size: number;
}

/** Checks that nothing brings a VM back once it is removed. Errors: `vm-declared`. */
export function checkRemovable(machine: HostMachine, name: string): void {
  const record = recordInForce(machine);
  if (record === undefined) return;
  if (Object.hasOwn(record.vms, name)) {
    throw new MicrovmError(
      "vm-declared",
      `This host declares "${name}": the next switch would make it again`,
      {
        hint: `Take "microvm.vms.${name}" out of the host's project, run "microvm switch", then: microvm remove ${name}`,
      },
    );
  }
  if (record.autostart.includes(name)) {
    throw new MicrovmError(
      "vm-declared",
      `This host starts "${name}" at its boot: it is in "microvm.autostart"`,
      {
        hint: `Take it out there, run "microvm switch", then: microvm remove ${name}`,
      },
    );
  }
}

/** What of a VM stays without `purge`: all files that the program does not make again. Absolute paths. */
export function keptFiles({ stateDirectory }: HostMachine, name: string): readonly KeptFile[] {
  const directory = join(stateDirectory, name);
  const status = lstatSync(directory, { throwIfNoEntry: false });
  return status?.isDirectory() ? filesBelow(directory, (path) => !isOwnFile(path)) : [];
}

/** Regular files that a function takes by their path below the top, sorted. No link is followed. */
function filesBelow(top: string, takes: (path: string) => boolean, below = ""): KeptFile[] {
  const entries = readdirSync(join(top, below), { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(below, entry.name);
      if (entry.isDirectory()) return filesBelow(top, takes, path);
      if (!entry.isFile() || !takes(path)) return [];
      return [{ path: join(top, path), size: lstatSync(join(top, path)).blocks * 512 }];
    });
}

/** Files right in a VM's directory that are made by the program, and again when they are needed. */
const OWN_FILES: ReadonlySet<string> = new Set([...RUNNER_LINKS, ...Object.values(vmNames)]);

function isOwnFile(path: string): boolean {
  return (
    OWN_FILES.has(path) ||
    /^ssh_host_\w+(\.pub)?(\.new)?$/.test(path) ||
    /^[^/]+\.(new|tmp|sock|pid)$/.test(path)
  );
}

/** Volumes of a VM that lie elsewhere, which nothing removes. Absolute paths. */
export function volumesElsewhere({ stateDirectory }: HostMachine, name: string): readonly string[] {
  const images = RUNNER_LINKS.flatMap((link) => {
    const disks = installedMachine(stateDirectory, name, link)?.disks ?? [];
    return disks.flatMap(({ image }) => ("file" in image && image.file.startsWith("/") ? [image.file] : []));
  });
  return [...new Set(images)].sort();
}

/**
 * Stops and removes a VM. With `purge` its whole directory goes, else the files stay that `keptFiles` names. The caller
 * holds the host's lock. Errors: `vm-declared`, `state-busy`, `host-failed` when it does not stop; nothing is removed then.
 */
export async function removeVm(
  machine: HostMachine,
  name: string,
  { purge }: { readonly purge: boolean },
): Promise<void> {
  checkRemovable(machine, name);
  await checkNotInForeground(machine, name);
  if (hasSystemd()) await stopForever(machine, name);
  const directory = join(machine.stateDirectory, name);
  const kept = new Set(purge ? [] : keptFiles(machine, name).map(({ path }) => path));
  // The link first: without it nothing starts, whatever comes between.
  rmSync(join(directory, vmNames.current), { force: true });
  if (kept.size === 0) await removeTree(directory);
  else removeOthers(directory, kept);
}

async function stopForever(machine: HostMachine, name: string): Promise<void> {
  const unit = (await unitDetails(machine.scope, [name]))?.get(name);
  if (isRunning(unit) || unit?.active === "deactivating") await setPower(machine, "stop", [name], () => {});
  const units = TEMPLATES.map((template) => unitOf(name, template));
  const command = ["systemctl", ...(machine.scope === "user" ? ["--user"] : [])];
  // What prepared it, and links that somebody made by "systemctl enable" or "add-wants". There may be nothing of all that.
  for (const verb of ["stop", "disable", "reset-failed"]) await runToEnd([...command, verb, "--", ...units]);
}

function removeOthers(directory: string, kept: ReadonlySet<string>): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (kept.has(path)) continue;
    const holds = entry.isDirectory() && [...kept].some((one) => one.startsWith(`${path}/`));
    if (holds) removeOthers(path, kept);
    else rmSync(path, { recursive: true, force: true });
  }
}
