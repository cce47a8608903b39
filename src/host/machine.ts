/** The machine that is a host: where its things lie, and its systemd. */
import { readTextIfExists } from "../os/files.ts";
import { unitDirectory } from "../paths.ts";
import type { Scope } from "./host-record.ts";
import { openSystemd, type Systemd, scopeOf } from "./systemd.ts";

/** Paths are absolute. */
export interface HostMachine {
  readonly scope: Scope;
  readonly stateDirectory: string;
  readonly storeDirectory: string;
  readonly unitDirectory: string;
  /** Where files beside units go; undefined for a user's own host, which has none. */
  readonly etcDirectory: string | undefined;
  readonly systemd: Systemd;
}

/** This machine, as the host of a user: root's is the machine's own. */
export function thisMachine(
  uid: number,
  stateDirectory: string,
  storeDirectory: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): HostMachine {
  const scope = scopeOf(uid);
  return {
    scope,
    stateDirectory,
    storeDirectory,
    unitDirectory: unitDirectory(environment, uid),
    etcDirectory: scope === "system" ? "/etc" : undefined,
    systemd: openSystemd(scope),
  };
}

/** The number of a group of this machine; undefined when it has none of that name. */
export function groupNumber(name: string): number | undefined {
  const line = readTextIfExists("/etc/group")
    ?.split("\n")
    .find((one) => one.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(":")[2]);
}

/** Numbers of all groups of this machine, by name. */
export function groupNumbers(): ReadonlyMap<string, number> {
  const lines = (readTextIfExists("/etc/group") ?? "").split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [name = "", , number] = line.split(":");
      return [name, Number(number)];
    }),
  );
}
