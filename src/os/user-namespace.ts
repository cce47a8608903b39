/**
 * A user namespace for people who are not root: inside it the program may own files as any user of a guest,
 * mount layers and enter them, and outside it nothing more than its user may.
 */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { MicrovmError } from "../errors.ts";
import { ended, runToEnd, spawn } from "./processes.ts";

/** Set in the namespace, to the user's id outside. */
const VARIABLE = "MICROVM_USER_NAMESPACE";

/** The id of the user who started the program, also inside the namespace. */
export function ownUid(): number {
  const outside = process.env[VARIABLE];
  return outside === undefined ? (process.getuid?.() ?? 0) : Number(outside);
}

/** Whether the program has what it needs: root's rights, here or in a namespace of its own. */
export function hasNamespaceRights(): boolean {
  return process.getuid?.() === 0;
}

/** Whether this is the inside of the namespace. */
export function isInUserNamespace(): boolean {
  return process.env[VARIABLE] !== undefined;
}

/**
 * Starts this program again inside a namespace, with the same arguments and terminal, and returns its exit status.
 * The user needs ranges of subordinate ids (subuid(5)) and the tools that hand them out.
 */
export async function runInUserNamespace(): Promise<number> {
  await checkSubordinateIds();
  const child = spawn(
    "unshare",
    [
      "--user",
      "--map-root-user",
      "--map-auto",
      "--",
      ...[process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    ],
    { stdio: "inherit", env: { ...process.env, [VARIABLE]: String(process.getuid?.()) } },
  );
  // A terminal's Ctrl-C reaches both; what is sent to this process alone is handed on.
  for (const name of ["SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name));
  process.on("SIGINT", () => {
    if (!process.stdin.isTTY) child.kill("SIGINT");
  });
  return ended(child);
}

async function checkSubordinateIds(): Promise<void> {
  const { username, uid } = userInfo();
  const hint = `As root, install "uidmap" and run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}; or run microvm as root`;
  for (const file of ["/etc/subuid", "/etc/subgid"]) {
    if (hasRange(file, [username, String(uid)])) continue;
    throw new MicrovmError(
      "permission-denied",
      `"${username}" has no subordinate ids in "${file}", which a guest's files are owned by`,
      {
        hint,
      },
    );
  }
  const trial = await runToEnd(["unshare", "--user", "--map-root-user", "--map-auto", "--", "true"]);
  if (trial.code === 0) return;
  throw new MicrovmError(
    "permission-denied",
    `"${username}" cannot make a user namespace with subordinate ids: ${trial.stderr.toString().trim()}`,
    { hint },
  );
}

function hasRange(file: string, names: readonly string[]): boolean {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .some((line) => names.includes(line.split(":")[0]!));
  } catch {
    return false;
  }
}

/**
 * What starts a program as the user outside, from inside the namespace: for programs that look up who they run as, as
 * ssh does to find its keys. Nothing when this is no such namespace.
 */
export function asOutsideUser(): readonly string[] {
  if (!isInUserNamespace()) return [];
  const gid = readFileSync("/proc/self/gid_map", "utf8").trim().split(/\s+/)[1]!;
  return ["unshare", "--user", `--map-user=${ownUid()}`, `--map-group=${gid}`, "--"];
}
