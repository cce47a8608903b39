/**
 * The runner's scripts, as text: POSIX shell, readable, ending in `exec` of the real program, so that a
 * running VM costs no process of this one. Nothing in them says where the store lies: they find it from
 * their own place.
 */
import type { AcceleratorSettings, Hypervisor } from "../hypervisors/hypervisor.ts";
import type { MachineSpec, Part, Share, Word } from "../hypervisors/machine.ts";
import { quoteWord } from "../os/processes.ts";
import { attachmentLines } from "./attachments.ts";
import { START_READY } from "./lifecycle.ts";
import { PROLOGUE } from "./prologue.ts";
import { credentialLines, hostKeyLines, type NewHostKey } from "./secrets.ts";
import { TAKE_TURN } from "./turns.ts";
import { becomeUserLines, RUN_BY_ROOT } from "./user.ts";
import { type RunnerVolume, type VolumePrograms, volumesLines } from "./volumes.ts";
import { type Program, programWords, quoteArguments } from "./words.ts";

/** What `microvm-run` is made from beside the machine. */
interface RunSettings {
  readonly program: Program;
  readonly dataDirectories: readonly string[];
  /** Where the hypervisor's modules are below the store; null: where it looks by itself. */
  readonly modules: string | null;
  readonly preStart: string;
  readonly volumes: readonly RunnerVolume[];
  readonly volumePrograms: VolumePrograms;
  readonly hostKeys: readonly NewHostKey[];
  readonly sshKeygen: Program;
  readonly extraArgsScript: string | null;
  /** Of the host, as Debian calls it. */
  readonly hostArchitecture: string;
}

/** `bin/microvm-run`: what must happen before the hypervisor, then the hypervisor in this process's place. */
export function runScript(machine: MachineSpec, hypervisor: Hypervisor, settings: RunSettings): string {
  const onPath = "onPath" in settings.program;
  const program = programWords(settings.program);
  const command = [
    ...settings.dataDirectories.flatMap((directory): Word[] => ["-L", [{ store: directory }]]),
    ...(onPath ? [] : hypervisor.consoleArgs(machine)),
    ...hypervisor.args(machine),
  ];
  return [
    PROLOGUE,
    `# Starts ${machine.name} in the current directory, where its sockets and volumes lie.`,
    machine.user === null ? "" : becomeUserLines(machine.user, lastingFiles(settings)),
    settings.preStart.trim(),
    volumesLines(settings.volumes, settings.volumePrograms),
    ...settings.hostKeys.map((key) => hostKeyLines(key, settings.sshKeygen)),
    credentialLines(machine.credentials),
    attachmentLines(machine, settings.modules),
    acceleratorLines(machine, hypervisor, settings.hostArchitecture),
    settings.extraArgsScript === null
      ? "extra_args=''"
      : `extra_args=$(${quoteWord(settings.extraArgsScript)})\nset -f`,
    onPath ? consoleLines(machine, hypervisor, program) : "",
    TAKE_TURN,
    START_READY,
    "# shellcheck disable=SC2086 # extra arguments are words",
    `exec ${program} ${onPath ? '"$@" ' : ""}\\\n  ${quoteArguments(command)} $extra_args`,
    "",
  ]
    .filter((part) => part !== "")
    .join("\n")
    .concat("\n");
}

/** Files in the VM's directory that are made at one start and used at later ones. */
function lastingFiles({ volumes, hostKeys }: Pick<RunSettings, "volumes" | "hostKeys">): string[] {
  return [...volumes.map(({ image }) => image), ...hostKeys.flatMap(({ file }) => [file, `${file}.pub`])];
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

/** A hypervisor of the host's may be too old for a console that terminals attach to: its VM has one without. */
function consoleLines(machine: MachineSpec, hypervisor: Hypervisor, program: string): string {
  const set = (args: readonly Word[]) => `set --${args.length > 0 ? ` ${quoteArguments(args)}` : ""}`;
  const alone = hypervisor.consoleArgs({ ...machine, consoleSocket: null });
  if (machine.consoleSocket === null || !machine.serialConsole) return set(alone);
  const { args, prints } = hypervisor.sharedConsole;
  return `
if ${program} ${quoteArguments(args)} 2>/dev/null | grep -qw ${quoteWord(prints)}; then
  ${set(hypervisor.consoleArgs(machine))}
else
  ${set(alone)}
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
    /** Whose the sockets are as well: a group, or that of the user who runs the hypervisor; null: nobody else's. */
    readonly group: string | { readonly ofUser: string } | null;
    readonly extraArgs: readonly string[];
  },
): string {
  const { group } = settings;
  const start = group !== null && typeof group === "object" ? groupLines(group.ofUser) : "";
  const command = (share: Share): string => {
    const source: Part = share.source === "store" ? { store: "" } : share.source;
    const args: Word[] = [
      ...["--socket-path", share.socket],
      ["--shared-dir=", source],
      ...["--cache", share.cache],
      ...["--sandbox", "namespace"],
      `--inode-file-handles=${settings.inodeFileHandles}`,
      ...(settings.threadPoolSize === null ? [] : ["--thread-pool-size", String(settings.threadPoolSize)]),
      ...(typeof group === "string" ? ["--socket-group", group] : []),
      "--xattr",
      ...(share.readOnly ? ["--readonly"] : []),
      ...(share.posixAcl ? ["--posix-acl"] : []),
      ...settings.extraArgs,
      ...share.extraArgs,
    ];
    return `${programWords(settings.program)} ${start === "" ? "" : '"$@" '}\\\n  ${quoteArguments(args, "store")}`;
  };
  const [first, ...others] = shares;
  if (first === undefined) return `${PROLOGUE}# No share needs a virtiofsd.\n`;
  if (others.length === 0) return `${PROLOGUE}${start}exec ${command(first)}\n`;
  const starts = shares.map((share) => `${command(share)} &\npids="$pids $!"\n`).join("");
  return `${PROLOGUE}${start}${VIRTIOFSD_STOP}${starts}${VIRTIOFSD_WAIT}`;
}

/** Root's virtiofsd lets the user's hypervisor in. */
function groupLines(user: string): string {
  return `set --
if ${RUN_BY_ROOT}; then set -- --socket-group "$(id -gn ${quoteWord(user)})"; fi
`;
}

/** Ends all of them. */
const VIRTIOFSD_STOP = `pids=''
stop() {
  # shellcheck disable=SC2086 # process ids are words
  kill $pids 2>/dev/null || :
}
trap 'stop; exit 143' TERM INT
# Interrupts the shell's wait.
trap : CHLD
`;

/** Each ends with its VM. One that fails ends the others: a guest without one of its shares is of no use. */
const VIRTIOFSD_WAIT = `while [ -n "$pids" ]; do
  running=''
  for pid in $pids; do
    if kill -0 "$pid" 2>/dev/null; then
      running="$running $pid"
      continue
    fi
    status=0
    wait "$pid" || status=$?
    if [ "$status" -ne 0 ]; then
      echo "virtiofsd-run: a virtiofsd ended with exit status $status" >&2
      stop
      exit 1
    fi
  done
  pids=$running
  # shellcheck disable=SC2086 # process ids are words
  [ -z "$pids" ] || wait $pids || :
done
`;
