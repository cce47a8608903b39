/** Users and groups: what a guest declares, written over the accounts that its packages made. */

/** A declared user. */
export interface User {
  readonly name: string;
  readonly uid: number | null;
  readonly group: string;
  readonly description: string;
  readonly home: string;
  readonly shell: string;
  /** crypt(5); null leaves an existing password alone and locks a new account; "" needs no password. */
  readonly hashedPassword: string | null;
  readonly extraGroups: readonly string[];
  readonly system: boolean;
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
  const groupOf = (name: string, gid: number | null, system: boolean): Line => {
    const known = group.find((line) => line[0] === name);
    if (known) {
      if (gid !== null) known[2] = String(gid);
      return known;
    }
    const line = [name, "x", String(gid ?? freeId(group, 2, system)), ""];
    group.push(line);
    gshadow.push([name, "!", "", ""]);
    return line;
  };
  for (const { name, gid, members } of groups) {
    const line = groupOf(name, gid, true);
    for (const member of members) addMember(line, gshadow, member);
  }
  for (const user of users) {
    const gid = groupOf(user.group, null, user.system)[2]!;
    setUser(passwd, user, gid);
    setPassword(shadow, user);
    for (const extra of user.extraGroups) addMember(groupOf(extra, null, true), gshadow, user.name);
  }
  return { passwd: format(passwd), shadow: format(shadow), group: format(group), gshadow: format(gshadow) };
}

function setUser(passwd: Line[], user: User, gid: string): void {
  const known = passwd.find((line) => line[0] === user.name);
  const uid = user.uid ?? (known ? Number(known[2]) : freeId(passwd, 2, user.system));
  const line = [user.name, "x", String(uid), gid, user.description, user.home, user.shell];
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

function freeId(lines: readonly Line[], field: number, system: boolean): number {
  const taken = new Set(lines.map((line) => Number(line[field])));
  const { first, last } = system ? SYSTEM_IDS : NORMAL_IDS;
  // System accounts are given out from the top, as adduser and systemd-sysusers do.
  const step = system ? -1 : 1;
  for (let id = system ? last : first; id >= first && id <= last; id += step) if (!taken.has(id)) return id;
  throw new Error("No free user or group id");
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
