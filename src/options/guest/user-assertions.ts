/** Faults of accounts and credentials that no single type can see. */
import type { GuestConfig } from "./arguments.ts";
import { CREDENTIAL_NAME, credentialFault } from "./credentials.ts";
import { type DefinedIn, definedIn } from "./defined-in.ts";
import type { Assertion } from "./name-assertions.ts";

const failed = (message: string): Assertion => ({ assertion: false, message });

/** One assertion for each fault, with the files that are at fault. */
export function userAssertions(config: GuestConfig, options: DefinedIn): Assertion[] {
  return [
    ...kinds(config),
    ...duplicateIds(config, options),
    ...credentialNames(config, options),
    ...credentialUses(config, options),
  ];
}

function kinds({ users }: GuestConfig): Assertion[] {
  return Object.entries(users.users)
    .filter(([, { isNormalUser, isSystemUser }]) => isNormalUser && isSystemUser)
    .map(([name]) =>
      failed(
        `"users.users.${name}" has both "isNormalUser" and "isSystemUser": a user is either a person or a service's account`,
      ),
    );
}

function duplicateIds({ users }: GuestConfig, options: DefinedIn): Assertion[] {
  const uids = Object.entries(users.users).map(([name, { uid }]) => [name, uid] as const);
  const gids = Object.entries(users.groups).map(([name, { gid }]) => [name, gid] as const);
  return [...sameIds("users.users", "uid", uids, options), ...sameIds("users.groups", "gid", gids, options)];
}

function sameIds(
  option: string,
  kind: "uid" | "gid",
  ids: readonly (readonly [name: string, id: number | null])[],
  options: DefinedIn,
): Assertion[] {
  return ids.flatMap(([name, id], index) => {
    const first = ids.slice(0, index).find(([, other]) => id !== null && other === id);
    if (!first) return [];
    const where = definedIn(options, option, [first[0], name]);
    return [failed(`"${option}.${first[0]}" and "${option}.${name}" have the same ${kind} ${id}${where}`)];
  });
}

function credentialNames({ microvm }: GuestConfig, options: DefinedIn): Assertion[] {
  return Object.keys(microvm.credentialFiles)
    .filter((name) => !CREDENTIAL_NAME.test(name))
    .map((name) =>
      failed(
        `"microvm.credentialFiles" has ${JSON.stringify(name)}, which is no name of a credential: at most 28 letters, digits, dots, dashes and underscores${definedIn(options, "microvm.credentialFiles", [name])}`,
      ),
    );
}

/** Of users' passwords, and of every option that says that it takes a credential. */
function credentialUses({ users, microvm }: GuestConfig, options: DefinedIn): Assertion[] {
  const passwords = Object.entries(users.users).flatMap(([name, { hashedPasswordFile }]) =>
    hashedPasswordFile === null
      ? []
      : [{ option: ["users", "users", name, "hashedPasswordFile"], name: hashedPasswordFile }],
  );
  return [...passwords, ...microvm.credentialUses]
    .flatMap((use) => credentialFault(use, microvm.credentialFiles, options))
    .map(failed);
}

/** Passwords in clear are warned of. */
export function passwordWarnings({ users }: GuestConfig): string[] {
  return Object.entries(users.users).flatMap(([name, user]) =>
    (["password", "initialPassword"] as const)
      .filter((option) => user[option] !== null)
      .map(
        (option) =>
          `"users.users.${name}.${option}" is a password in clear, which everyone can read who can read the project: use "hashedPasswordFile" with a credential`,
      ),
  );
}
