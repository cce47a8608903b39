/** Users and groups: what a guest declares, written over the accounts that its packages made. */
import { MicrovmError } from "../errors.ts";

/** A declared user. What is null stays as a known account has it, and has the default of a new one. */
export interface User {
  readonly name: string;
  readonly uid: number | null;
  readonly group: string | null;
  readonly description: string;
  readonly home: string | null;
  readonly shell: string | null;
  /** crypt(5); null leaves an existing password alone and locks a new account; "" needs no password. */
  readonly hashedPassword: string | null;
  readonly extraGroups: readonly string[];
  readonly system: boolean;
  /** Files of the modules that declare it, for errors. */
  readonly definedIn?: readonly string[];
}

/** `, in "FILE"`: who declares a user; nothing when that is not known. */
export function declaredBy({ definedIn = [] }: User): string {
  return definedIn.length === 0 ? "" : `, in ${definedIn.map((file) => `"${file}"`).join(" and ")}`;
}

/** A declared group. */
export interface Group {
  readonly name: string;
  readonly gid: number | null;
  readonly members: readonly string[];
}

/** The four files, as text. */
export interface AccountFiles {
  readonly passwd: string;
  readonly shadow: string;
  readonly group: string;
  readonly gshadow: string;
}

/** Ranges of Debian policy 9.2.2: dynamic system accounts, and people. */
const SYSTEM_IDS = { first: 100, last: 999 };
const NORMAL_IDS = { first: 1000, last: 59999 };

/** The main group of people. */
const PEOPLE = "users";

/** Fields of a line of each file. */
type Line = string[];

/** Merges declared accounts into the files; the same input gives the same ids. */
export function mergeAccounts(
  files: AccountFiles,
  users: readonly User[],
  groups: readonly Group[],
): AccountFiles {
  const passwd = parse(files.passwd);
  const shadow = parse(files.shadow);
  const group = parse(files.group);
  const gshadow = parse(files.gshadow);
  const uids = new Set([...ids(passwd), ...users.flatMap(({ uid }) => uid ?? [])]);
  const gids = new Set([...ids(group), ...groups.flatMap(({ gid }) => gid ?? [])]);
  const groupOf = (name: string, gid: number | null, system: boolean): Line => {
    const known = group.find((line) => line[0] === name);
    if (known) {
      if (gid !== null) known[2] = String(gid);
      return known;
    }
    const line = [name, "x", String(gid ?? freeId(gids, system)), ""];
    group.push(line);
    gshadow.push([name, "!", "", ""]);
    return line;
  };
  /** A user may have a group of the same name for itself alone, which need not be declared. */
  const mainGroup = (user: User): Line => {
    const name = user.group ?? (user.system ? user.name : PEOPLE);
    if (user.group === null || name === user.name) return groupOf(name, null, user.system);
    return knownGroup(group, name, user, "group");
  };
  for (const { name, gid, members } of groups) {
    const line = groupOf(name, gid, true);
    for (const member of members) addMember(line, gshadow, member);
  }
  for (const user of users) {
    const known = passwd.find((line) => line[0] === user.name);
    checkUid(passwd, user);
    const gid = known && user.group === null ? known[3]! : mainGroup(user)[2]!;
    setUser(passwd, known, user, gid, uids);
    setPassword(shadow, user);
    for (const extra of user.extraGroups) {
      addMember(knownGroup(group, extra, user, "extraGroups"), gshadow, user.name);
    }
  }
  return { passwd: format(passwd), shadow: format(shadow), group: format(group), gshadow: format(gshadow) };
}

/** A group that packages or the configuration have; any other is a slip of the pen (`config-invalid`). */
function knownGroup(group: readonly Line[], name: string, user: User, option: string): Line {
  const known = group.find((line) => line[0] === name);
  if (known) return known;
  const names = group.map((line) => line[0]!);
  throw new MicrovmError(
    "config-invalid",
    `"users.users.${user.name}.${option}" has the group "${name}", which the guest does not have${declaredBy(user)}`,
    {
      hint: `Declare it as "users.groups.${name}", or choose one of ${names.map((one) => `"${one}"`).join(", ")}`,
    },
  );
}

/** An id that an account of the packages has is not given to another one. */
function checkUid(passwd: readonly Line[], user: User): void {
  const { name, uid } = user;
  const other = uid === null ? undefined : passwd.find((line) => line[2] === String(uid) && line[0] !== name);
  if (!other) return;
  throw new MicrovmError(
    "config-invalid",
    `"users.users.${name}.uid" is ${uid}, which the user "${other[0]}" has${declaredBy(user)}`,
    {
      hint: "Choose another id; people have those from 1000 on",
    },
  );
}

function setUser(passwd: Line[], known: Line | undefined, user: User, gid: string, uids: Set<number>): void {
  const { name, system } = user;
  const line = [
    name,
    "x",
    String(user.uid ?? known?.[2] ?? freeId(uids, system)),
    gid,
    user.description || (known?.[4] ?? ""),
    user.home ?? known?.[5] ?? (system ? "/nonexistent" : `/home/${name}`),
    user.shell ?? known?.[6] ?? (system ? "/usr/sbin/nologin" : "/bin/bash"),
  ];
  if (known) known.splice(0, known.length, ...line);
  else passwd.push(line);
}

/** A null password leaves a known account as it is. */
function setPassword(shadow: Line[], user: User): void {
  const known = shadow.find((line) => line[0] === user.name);
  if (!known) {
    // The day of the last change is left at 1: zero would ask for a new password, today would not repeat.
    shadow.push([user.name, user.hashedPassword ?? "!", "1", "0", "99999", "7", "", "", ""]);
  } else if (user.hashedPassword !== null) known[1] = user.hashedPassword;
}

function addMember(group: Line, gshadow: Line[], member: string): void {
  for (const line of [group, gshadow.find((candidate) => candidate[0] === group[0])]) {
    if (!line) continue;
    const members = (line[3] ?? "").split(",").filter(Boolean);
    if (!members.includes(member)) line[3] = [...members, member].join(",");
  }
}

/** The next free id, which is taken from then on. */
function freeId(taken: Set<number>, system: boolean): number {
  const { first, last } = system ? SYSTEM_IDS : NORMAL_IDS;
  // System accounts are given out from the top, as adduser and systemd-sysusers do.
  const step = system ? -1 : 1;
  for (let id = system ? last : first; id >= first && id <= last; id += step) {
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
  throw new MicrovmError("config-invalid", `No ${system ? "system" : "normal"} user or group id is left`);
}

/** The third field: user ids of passwd(5), group ids of group(5). */
function ids(lines: readonly Line[]): number[] {
  return lines.map((line) => Number(line[2]));
}

function parse(text: string): Line[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(":"));
}

function format(lines: readonly Line[]): string {
  return lines.map((fields) => `${fields.join(":")}\n`).join("");
}
