/**
 * Extended attributes of files, for which Node has no calls: a few lines of the host's `perl` make the system calls.
 * Only attributes that say what a file is are looked at: capabilities, access lists, overlayfs's marks of
 * directories that hide those below, and what a user set. What belongs to the machine (SELinux's labels, overlayfs's
 * notes of where a file came from) is left out.
 */
import { MicrovmError } from "../errors.ts";
import { runToEnd } from "./processes.ts";
import { isInUserNamespace } from "./user-namespace.ts";

/** Attributes of one file by name, values in hexadecimal. */
export type FileAttributes = Readonly<Record<string, string>>;

/** By path relative to a tree, the empty one for its top; only files that have some. */
export type TreeAttributes = ReadonlyMap<string, FileAttributes>;

/** Numbers of system calls: lsetxattr, lgetxattr, llistxattr (arch/x86/entry/syscalls, asm-generic/unistd.h). */
const CALLS: Readonly<Record<string, readonly [number, number, number]>> = {
  x64: [189, 192, 195],
  arm64: [6, 9, 12],
};

/** An attribute's value and the list of a file's names are at most this long (XATTR_SIZE_MAX, limits.h). */
const LIMIT = 65536;

/** Prints `path\0name\0value in hexadecimal\0` for each attribute below the directory that it is given. */
const READ = `
my ($get, $list, $root) = @ARGV;
my @pending = ("");
while (@pending) {
  my $relative = pop @pending;
  my $path = $relative eq "" ? $root : "$root/$relative";
  my $names = "\\0" x ${LIMIT};
  my $length = syscall($list + 0, $path, $names, ${LIMIT});
  if ($length < 0) { die "$path: $!\\n" unless $!{EOPNOTSUPP}; $length = 0; }
  for my $name (split /\\0/, substr($names, 0, $length)) {
    my $value = "\\0" x ${LIMIT};
    my $size = syscall($get + 0, $path, $name, $value, ${LIMIT});
    die "$path: $!\\n" if $size < 0;
    print "$relative\\0$name\\0", unpack("H*", substr($value, 0, $size)), "\\0";
  }
  next if -l $path || !-d _;
  opendir(my $handle, $path) or die "$path: $!\\n";
  push @pending, map { $relative eq "" ? $_ : "$relative/$_" } grep { $_ ne "." && $_ ne ".." } readdir $handle;
}`;

/** Reads the same from standard input, and sets it. */
const WRITE = `
my ($set, $root) = @ARGV;
local $/;
my @fields = split /\\0/, <STDIN>, -1;
while (@fields > 3 || (@fields == 3 && $fields[1] ne "")) {
  my ($relative, $name, $hex) = splice @fields, 0, 3;
  my $path = $relative eq "" ? $root : "$root/$relative";
  my $value = pack("H*", $hex);
  syscall($set + 0, $path, $name, $value, length $value, 0) == 0 or die "$path: $name: $!\\n";
}`;

/** Whether attributes can be read and set here: perl is there, and the machine's calls are known. */
export async function canReadAttributes(): Promise<boolean> {
  if (!CALLS[process.arch]) return false;
  return await runToEnd(["perl", "-e", "1"]).then(
    ({ code }) => code === 0,
    () => false,
  );
}

/** Attributes in a tree, no link followed. Errors: `tool-missing`, `command-failed`. */
export async function readAttributes(root: string): Promise<TreeAttributes> {
  const [, get, list] = calls();
  const output = await perl(READ, [String(get), String(list), root]);
  const found = new Map<string, Record<string, string>>();
  const fields = output.toString("utf8").split("\0");
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [path, name, value] = fields.slice(index, index + 3) as [string, string, string];
    const kept = commonName(name);
    if (kept !== undefined) found.set(path, { ...found.get(path), [kept]: value });
  }
  return found;
}

/** Sets attributes in a tree, no link followed at the end of a path. Errors as above; the kernel may forbid some. */
export async function writeAttributes(root: string, attributes: TreeAttributes): Promise<void> {
  if (attributes.size === 0) return;
  const [set] = calls();
  const input = [...attributes].flatMap(([path, file]) =>
    Object.entries(file).map(([name, value]) => `${path}\0${ownName(name)}\0${value}\0`),
  );
  await perl(WRITE, [String(set), root], input.join(""));
}

/** Whether a name is one that `readAttributes` gives, and so may be set. */
export function isKnownAttribute(name: string): boolean {
  return name.startsWith("overlay.") ? name === "overlay.opaque" : commonName(name) === name;
}

/** The name as it is the same for root and for a user's namespace; undefined for what does not count. */
function commonName(name: string): string | undefined {
  const [, mark] = /^(?:trusted|user)\.overlay\.(.*)$/.exec(name) ?? [];
  if (mark !== undefined) return mark === "opaque" ? "overlay.opaque" : undefined;
  const counts =
    name === "security.capability" || name.startsWith("system.posix_acl_") || name.startsWith("user.");
  return counts ? name : undefined;
}

/** overlayfs keeps its marks where a user may set them when it is mounted by one (`userxattr`). */
function ownName(name: string): string {
  return name === "overlay.opaque" ? `${isInUserNamespace() ? "user" : "trusted"}.overlay.opaque` : name;
}

function calls(): readonly [number, number, number] {
  const known = CALLS[process.arch];
  if (known) return known;
  throw new MicrovmError(
    "unsupported",
    `Extended attributes cannot be read on this machine's architecture "${process.arch}"`,
  );
}

async function perl(script: string, args: readonly string[], input?: string): Promise<Buffer> {
  const { code, stdout, stderr } = await runToEnd(["perl", "-MErrno", "-e", script, "--", ...args], {
    ...(input !== undefined && { input }),
  });
  if (code === 0) return stdout;
  throw new MicrovmError(
    "command-failed",
    `Cannot work with extended attributes: ${stderr.toString().trim().split("\n").at(-1)}`,
  );
}
