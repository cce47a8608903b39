/**
 * The runner's scripts, as text: POSIX shell, readable, ending in `exec` of the real program, so that a
 * running VM costs no process of this one. Nothing in them says where the store lies: they find it from
 * their own place.
 */
import type { AcceleratorSettings, Hypervisor } from "../hypervisors/hypervisor.ts";
import type { MachineSpec, Part, Share, Word } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";
import { attachmentLines } from "./attachments.ts";
import { PROLOGUE } from "./prologue.ts";
import { credentialLines, hostKeyLines, type NewHostKey } from "./secrets.ts";
import { type Program, programWords, quoteArguments } from "./words.ts";

/** A raw volume that is created when it is missing. */
export interface NewVolume {
  readonly image: string;
  /** MiB. */
  readonly size: number;
  readonly label: string | null;
  readonly fsType: string;
  readonly mkfsExtraArgs: readonly string[];
}

/** `bin/microvm-run`: what must happen before the hypervisor, then the hypervisor in this process's place. */
export function runScript(
  machine: MachineSpec,
  hypervisor: Hypervisor,
  settings: {
    readonly program: Program;
    readonly dataDirectories: readonly string[];
    /** Where the hypervisor's modules are below the store; null: where it looks by itself. */
    readonly modules: string | null;
    readonly preStart: string;
    readonly volumes: readonly NewVolume[];
    readonly mkfs: Program;
    readonly hostKeys: readonly NewHostKey[];
    readonly sshKeygen: Program;
    readonly extraArgsScript: string | null;
    /** Of the host, as Debian calls it. */
    readonly hostArchitecture: string;
  },
): string {
  const command = [
    ...settings.dataDirectories.flatMap((directory): Word[] => ["-L", [{ store: directory }]]),
    ...hypervisor.args(machine),
  ];
  return [
    PROLOGUE,
    `# Starts ${machine.name} in the current directory, where its sockets and volumes lie.`,
    settings.preStart.trim(),
    ...settings.volumes.map((volume) => volumeLines(volume, settings.mkfs)),
    ...settings.hostKeys.map((key) => hostKeyLines(key, settings.sshKeygen)),
    credentialLines(machine.credentials),
    attachmentLines(machine, settings.modules),
    acceleratorLines(machine, hypervisor, settings.hostArchitecture),
    settings.extraArgsScript === null
      ? "extra_args=''"
      : `extra_args=$(${quoteWord(settings.extraArgsScript)})\nset -f`,
    "# shellcheck disable=SC2086 # extra arguments are words",
    `exec ${programWords(settings.program)} \\\n  ${quoteArguments(command)} $extra_args`,
    "",
  ]
    .filter((part) => part !== "")
    .join("\n")
    .concat("\n");
}

/**
 * The accelerator is chosen when the VM starts. That /dev/kvm exists and opens says little: below some
 * hypervisors it answers and cannot run a guest. On x86 the processor's own flags decide. A guest of another
 * architecture is always emulated.
 */
function acceleratorLines(machine: MachineSpec, hypervisor: Hypervisor, hostArchitecture: string): string {
  const { kvm, tcg } = hypervisor.accelerators(machine);
  const flags = machine.architecture === "amd64" ? " && grep -Eqw 'vmx|svm' /proc/cpuinfo" : "";
  const set = ({ accelerator, cpu, params }: AcceleratorSettings) =>
    [
      `accelerator=${quoteWord(accelerator)}`,
      `cpu=${quoteWord(cpu)}`,
      `accelerator_params=${quoteWord(params.map((word) => ` ${word}`).join(""))}`,
    ].join(" ");
  const choice =
    machine.architecture === hostArchitecture
      ? `if [ -r /dev/kvm ] && [ -w /dev/kvm ]${flags}; then accel=kvm; else accel=tcg; fi`
      : "accel=tcg";
  return `
accel=\${MICROVM_ACCEL:-}
if [ -z "$accel" ]; then
  ${choice}
fi
case $accel in
  kvm) ${set(kvm)} ;;
  tcg) ${set(tcg)} ;;
  *)
    echo "microvm-run: MICROVM_ACCEL is \\"$accel\\": it must be kvm or tcg" >&2
    exit 2
    ;;
esac
`;
}

/** A volume is made under another name first: one that exists is whole. */
function volumeLines(volume: NewVolume, mkfs: Program): string {
  // A name that begins with a dash is no option.
  const image = quoteWord(volume.image.startsWith("-") ? `./${volume.image}` : volume.image);
  const label = volume.label === null ? [] : ["-L", volume.label];
  const args = ["-q", "-t", volume.fsType, ...label, ...volume.mkfsExtraArgs];
  return `
if [ ! -e ${image} ]; then
  mkdir -p "$(dirname ${image})"
  rm -f ${image}.new
  truncate -s ${volume.size}M ${image}.new
  ${programWords(mkfs)} ${args.map(quoteWord).join(" ")} ${image}.new
  mv ${image}.new ${image}
fi
`;
}

/** `bin/virtiofsd-run`: one virtiofsd for each share; ends when they have ended, and ends them when told to. */
export function virtiofsdScript(
  shares: readonly Share[],
  settings: {
    readonly program: Program;
    readonly threadPoolSize: number | null;
    readonly inodeFileHandles: string;
    readonly extraArgs: readonly string[];
  },
): string {
  const command = (share: Share): string => {
    const source: Part = share.source === "store" ? { store: "" } : share.source;
    const args: Word[] = [
      ...["--socket-path", share.socket],
      ["--shared-dir=", source],
      ...["--cache", share.cache],
      ...["--sandbox", "namespace"],
      `--inode-file-handles=${settings.inodeFileHandles}`,
      ...(settings.threadPoolSize === null ? [] : ["--thread-pool-size", String(settings.threadPoolSize)]),
      "--xattr",
      ...(share.readOnly ? ["--readonly"] : []),
      ...settings.extraArgs,
    ];
    return `${programWords(settings.program)} \\\n  ${quoteArguments(args, "store")}`;
  };
  const [first, ...others] = shares;
  if (first === undefined) return `${PROLOGUE}# No share needs a virtiofsd.\n`;
  if (others.length === 0) return `${PROLOGUE}exec ${command(first)}\n`;
  const starts = shares.map((share) => `${command(share)} &\npids="$pids $!"\n`).join("");
  return `${PROLOGUE}pids=''\nstop() {\n  # shellcheck disable=SC2086 # process ids are words\n  kill $pids 2>/dev/null || :\n}\ntrap 'stop; exit 143' TERM INT\n${starts}wait\n`;
}

/** `bin/microvm-shutdown`: asks the hypervisor in the current directory to power the guest off, and waits for its end. */
export function shutdownScript(machine: MachineSpec, hypervisor: Hypervisor, socat: Program): string {
  const lines = hypervisor.shutdownLines(machine);
  if (lines === undefined || machine.controlSocket === null) {
    return `${PROLOGUE}echo "microvm-shutdown: ${machine.name} has no control socket" >&2\nexit 1\n`;
  }
  const socket = machine.controlSocket;
  const address = quoteWord(`UNIX-CONNECT:${socatPath(socket)}`);
  // The connection is kept after the last line, for -t seconds or until the hypervisor closes it by ending.
  return `${PROLOGUE}ask() {
  printf '%s\\n' ${lines.map(quoteWord).join(" ")} |
    ${programWords(socat)} -t 2 STDIO ${address} >/dev/null
}
ask
# A guest that is still starting overlooks the request: it is repeated for as long as there is someone to ask.
while [ -S ${quoteWord(socket.startsWith("-") ? `./${socket}` : socket)} ] && ask 2>/dev/null; do :; done
`;
}

/** A path in an address of socat(1), where other marks part the values. */
function socatPath(path: string): string {
  return path.replace(/[\s\\,:!"'()[\]{}]/g, "\\$&");
}
