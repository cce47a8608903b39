/** The runner: the store path with everything needed to start one VM; the contract between build and host. */
import type { Hypervisor } from "../hypervisors/hypervisor.ts";
import type { MachineSpec } from "../hypervisors/machine.ts";
import { type HostTools, loaderOf, placeOf } from "../packages/host-tools.ts";
import { runnerNames } from "../paths.ts";
import { type FileEntry, filesRecipe } from "../store/files.ts";
import { type Recipe, storePathName } from "../store/recipe.ts";
import { machinedScripts, pciSetup } from "./device-scripts.ts";
import { interfaceScripts, tapFlags, tapsOf } from "./interface-scripts.ts";
import { aliveScript, readyScript, shutdownScript } from "./lifecycle.ts";
import { runScript, virtiofsdScript } from "./scripts.ts";
import type { NewHostKey } from "./secrets.ts";
import { MKFS, type RunnerVolume } from "./volumes.ts";
import type { Program } from "./words.ts";

/** The options that only the runner's scripts depend on. */
export interface RunnerOptions {
  /** The name of its store path. */
  readonly declaredRunner: string;
  readonly preStart: string;
  readonly extraArgsScript: string | null;
  readonly volumes: readonly RunnerVolume[];
  readonly binScripts: Readonly<Record<string, string>>;
  readonly systemSymlink: boolean;
  readonly hostKeys: readonly NewHostKey[];
  readonly registerWithMachined: boolean;
  readonly virtiofsd: {
    readonly inodeFileHandles: string;
    readonly threadPoolSize: number | null;
    readonly group: string | null;
    readonly extraArgs: readonly string[];
  };
}

/** The recipe of a runner. */
export function runnerRecipe(
  machine: MachineSpec,
  hypervisor: Hypervisor,
  parts: { readonly system: Recipe; readonly tools: HostTools },
  options: RunnerOptions,
): Recipe {
  const { system, tools } = parts;
  const program = (tree: Recipe | undefined, name: string, shownAs = name): Program => {
    if (!tree) return { onPath: name };
    const { loader, libraries } = loaderOf(tools.architecture);
    const below = (path: string) => `${storePathName(tree)}/${path}`;
    return { loader: below(loader), libraries: below(libraries), file: below(placeOf(name)), name: shownAs };
  };
  const socat = program(tools.hypervisor, "socat");
  const main = hypervisor.program(machine);
  const scripts: Record<string, string> = {
    ...options.binScripts,
    "microvm-run": runScript(machine, hypervisor, {
      program: program(tools.hypervisor, main, machine.prettyProcnames ? `microvm@${machine.name}` : main),
      dataDirectories: tools.hypervisor
        ? FIRMWARE.map((path) => `${storePathName(tools.hypervisor!)}/${path}`)
        : [],
      modules: tools.hypervisor
        ? `${storePathName(tools.hypervisor)}/${loaderOf(tools.architecture).libraries}/qemu`
        : null,
      preStart: options.preStart,
      extraArgsScript: options.extraArgsScript,
      hostArchitecture: tools.architecture,
      volumes: options.volumes,
      volumePrograms: {
        mkfs: (name) => program(tools.filesystems?.[packageOf(name)], name),
        qemuImg: program(tools.images, "qemu-img"),
      },
      hostKeys: options.hostKeys,
      sshKeygen: program(tools.ssh, "ssh-keygen"),
    }),
    "microvm-shutdown": shutdownScript(machine, hypervisor, socat),
    "microvm-ready": readyScript(machine, socat),
    "microvm-alive": aliveScript(machine, socat),
    ...extended(
      {
        ...interfaceScripts(machine, program(tools.interfaces, "ip")),
        ...(machine.devices.some(({ bus }) => bus === "pci") && { "pci-setup": pciSetup(machine) }),
        ...(options.registerWithMachined && machinedScripts(machine)),
      },
      options.binScripts,
    ),
  };
  const virtiofs = machine.shares.filter((share) => share.proto === "virtiofs");
  if (virtiofs.length > 0) {
    scripts["virtiofsd-run"] = virtiofsdScript(virtiofs, {
      program: program(tools.hypervisor, "virtiofsd"),
      ...options.virtiofsd,
      group: options.virtiofsd.group ?? (machine.user === null ? null : { ofUser: machine.user }),
    });
  }
  const metadata = (path: string, text: string): FileEntry => ({
    path: `share/microvm/${path}`,
    type: "file",
    text: `${text}\n`,
  });
  const link: FileEntry = {
    path: runnerNames.system,
    type: "symlink",
    target: `../../../${storePathName(system)}`,
  };
  return filesRecipe(
    options.declaredRunner,
    [
      ...Object.entries(scripts).map(
        ([name, text]): FileEntry => ({ path: `bin/${name}`, type: "file", text, mode: 0o755 }),
      ),
      ...(options.systemSymlink ? [link] : []),
      metadata("hypervisor", hypervisor.name),
      ...attachments(machine).map(([path, lines]) => metadata(path, lines.join("\n"))),
      metadata(
        "machine.json",
        JSON.stringify({ version: 1, system: storePathName(system), machine }, null, 2),
      ),
      ...virtiofs.flatMap(({ tag, socket, source }) => [
        metadata(`virtiofs/${tag}/socket`, socket),
        metadata(`virtiofs/${tag}/source`, source),
      ]),
    ],
    {
      system,
      tools: [
        tools.hypervisor,
        ...Object.values(tools.filesystems ?? {}),
        tools.images,
        tools.ssh,
        tools.interfaces,
      ].filter((tree) => tree !== undefined),
    },
  );
}

/** As in microvm.nix, what a person gives under the name of such a script comes behind its own lines. */
function extended(scripts: Readonly<Record<string, string>>, more: RunnerOptions["binScripts"]) {
  return Object.fromEntries(
    Object.entries(scripts).map(([name, text]) => [name, `${text}${more[name] ?? ""}`]),
  );
}

/** What of the host the VM uses, in microvm.nix's files: a line for each. Those without a line are absent. */
function attachments(machine: MachineSpec): (readonly [file: string, lines: readonly string[]])[] {
  const taps = tapsOf(machine).map(({ id }) => id);
  const macvtaps = machine.interfaces.flatMap(({ id, mac, macvtap }) =>
    macvtap ? [`${id} ${mac} ${macvtap.link} ${macvtap.mode}`] : [],
  );
  const devices = (wanted: "pci" | "usb") =>
    machine.devices.filter(({ bus }) => bus === wanted).map(({ path }) => path);
  const all = [
    ["tap-interfaces", taps],
    ["tap-flags", taps.length > 0 ? tapFlags(machine) : []],
    ["macvtap-interfaces", macvtaps],
    ["pci-devices", devices("pci")],
    ["usb-devices", devices("usb")],
    ["vsock-cid", machine.vsockCid === null ? [] : [String(machine.vsockCid)]],
  ] as const;
  return all.filter(([, lines]) => lines.length > 0).map(([file, lines]) => [file, lines]);
}

/** Where Debian's QEMU keeps firmware and boot images, relative to a tree of its packages. */
const FIRMWARE = ["usr/share/qemu", "usr/share/seabios"];

/** The package that brings a mkfs. */
function packageOf(mkfs: string): string {
  return Object.values(MKFS).find(({ program }) => program === mkfs)!.package;
}
