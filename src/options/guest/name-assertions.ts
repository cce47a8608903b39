/** Keys that become paths, units, lines of account files or words of a shell script: the types do not see them. */
import type { GuestConfig } from "./arguments.ts";
import { ABSOLUTE, BELOW, isMountPoint } from "./places.ts";

/** What must be true, and what to say when it is not. */
export interface Assertion {
  readonly assertion: boolean;
  readonly message: string;
}

const ACCOUNT = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ALIAS = /^[A-Za-z0-9_.+:-]+$/;
const SCRIPT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** One assertion for each name that does not fit. */
export function nameAssertions({
  microvm,
  environment,
  users,
  system,
  services,
  fileSystems,
}: GuestConfig): Assertion[] {
  return [
    ...misnamed("users.users", users.users, ACCOUNT, "no name of a user"),
    ...misnamed("users.groups", users.groups, ACCOUNT, "no name of a group"),
    ...misnamed("environment.variables", environment.variables, VARIABLE, "no name of a variable"),
    ...misnamed("environment.shellAliases", environment.shellAliases, ALIAS, "no name of an alias"),
    ...misnamed("environment.etc", environment.etc, BELOW, 'no path below "/etc"'),
    ...misnamed("environment.files", environment.files, ABSOLUTE, "no absolute path of a file"),
    ...misnamed("microvm.binScripts", microvm.binScripts, SCRIPT, "no name of a script"),
    ...misnamed("services.redis.servers", services.redis.servers, /^[A-Za-z0-9_-]*$/, "no name of a server"),
    ...misnamed("system.checks", system.checks, SCRIPT, "no name of a check"),
    ...misnamed("fileSystems", fileSystems, ABSOLUTE, 'no directory below "/"'),
    ...mountPoints("microvm.shares", microvm.shares),
    ...mountPoints("microvm.volumes", microvm.volumes),
  ];
}

function misnamed(option: string, named: object, pattern: RegExp, fault: string): Assertion[] {
  return Object.keys(named)
    .filter((name) => !pattern.test(name))
    .map((name) => ({
      assertion: false,
      message: `"${option}" has ${JSON.stringify(name)}, which is ${fault}`,
    }));
}

function mountPoints(option: string, mounts: readonly { readonly mountPoint: string | null }[]): Assertion[] {
  return mounts.flatMap(({ mountPoint }, index) =>
    mountPoint === null || isMountPoint(mountPoint)
      ? []
      : [
          {
            assertion: false,
            message: `"${option}.${index}.mountPoint" is ${JSON.stringify(mountPoint)}, which is no directory below "/"`,
          },
        ],
  );
}
