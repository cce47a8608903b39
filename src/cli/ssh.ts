/** `microvm ssh`. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { readdirSync, readFileSync, writeFileAtomically } from "../os/files.ts";
import { ended, quoteCommand, spawn } from "../os/processes.ts";
import { vmNames } from "../paths.ts";
import { type Command, parseBefore } from "./command.ts";
import { findRunningVm, type RunningVm } from "./running-vm.ts";

/** What serves a connection in the guest: Debian's sshd, which wants that directory. */
const SERVER = ["/bin/sh", "-c", "mkdir -p /run/sshd && exec /usr/sbin/sshd -i"];

/** Logs in to a running guest. */
export const sshCommand: Command = {
  name: "ssh",
  usage: "ssh [USER@]NAME [-- ARGUMENT…]",
  summary: "Log in to a running VM with ssh, without network",
  help: `Starts this machine's ssh, connected to a running VM without network: its agent starts the guest's OpenSSH server for
this connection. The guest's host keys are those that the VM's directory keeps, so ssh asks nothing. What may log
in is up to the guest: a key in "users.users.NAME.openssh.authorizedKeys.keys", for example.

"microvm exec -it NAME -- bash" needs neither server nor keys.

Usage: microvm ssh [USER@]NAME [-- ARGUMENT…]

USER is root when it is left out. Everything behind it is handed to ssh: options, and a command. scp, rsync and
others can use it as their ssh as well.

Options:
  -h, --help  Show this

Examples:
  microvm ssh web
  microvm ssh alice@web -- -L 8080:localhost:80 uptime
`,
  needsRoot: false,
  async run(args) {
    const { name: word, rest } = parseBefore("ssh", args, {});
    const at = word.lastIndexOf("@");
    const [user, name] = at < 0 ? ["root", word] : [word.slice(0, at), word.slice(at + 1)];
    const vm = await findRunningVm(name);
    const options = ["-o", `ProxyCommand=${proxyCommand(vm)}`, ...hostKeyOptions(vm)];
    const [program, ...words] = ["ssh", ...options, "-l", user, ...sshArguments(rest, name)] as [
      string,
      ...string[],
    ];
    return ended(spawn(program, words, { stdio: "inherit" }));
  },
};

/** ssh takes its destination between options and the command. */
function sshArguments(rest: readonly string[], name: string): string[] {
  const { options, command } = splitOptions(rest);
  return [...options, "--", name, ...command];
}

/** ssh(1)'s options that take a value. */
const WITH_VALUE = "BbcDEeFIiJLlmOoPpQRSWw";

function splitOptions(words: readonly string[]): { options: readonly string[]; command: readonly string[] } {
  let at = 0;
  while (at < words.length && words[at]!.startsWith("-") && words[at] !== "--") {
    const word = words[at]!;
    const takes = [...word.slice(1)].findIndex((letter) => WITH_VALUE.includes(letter));
    at += takes >= 0 && takes === word.length - 2 ? 2 : 1;
  }
  const command = words.slice(at);
  return { options: words.slice(0, at), command: command[0] === "--" ? command.slice(1) : command };
}

/** This program again, as the way. In ssh's own words a percent sign is doubled. */
function proxyCommand({ name, directory, installed }: RunningVm): string {
  const id = installed ? name : directory.slice(directory.lastIndexOf("/") + 1);
  const command = [process.execPath, process.argv[1]!, "exec", "-i", id, "--", ...SERVER];
  return quoteCommand(command).replaceAll("%", "%%");
}

/** The keys in the VM's directory, by a file of known hosts beside them. A VM that has none there is asked about as usual. */
function hostKeyOptions({ name, directory }: RunningVm): string[] {
  const keys = readdirSync(directory).filter((file) => /^ssh_host_\w+_key\.pub$/.test(file));
  if (keys.length === 0) return ["-o", `HostKeyAlias=microvm-${name}`];
  const file = join(directory, vmNames.knownHosts);
  const lines = keys.map((key) => {
    const [type, value] = readFileSync(join(directory, key), "utf8").trim().split(/\s+/);
    return `microvm-${name} ${type} ${value}\n`;
  });
  if (/[\s"\\%]/.test(file)) {
    throw new MicrovmError(
      "unsupported",
      `ssh cannot read the known hosts "${file}": its path has a blank or a mark`,
      {
        hint: "Set MICROVM_STATE_DIR to a directory without blanks, quotes, backslashes and percent signs",
      },
    );
  }
  writeFileAtomically(file, lines.join(""));
  return [
    ...["-o", `HostKeyAlias=microvm-${name}`, "-o", `UserKnownHostsFile=${file}`],
    ...["-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes"],
  ];
}
