/** A machine for tests: directories of the test's own, and a systemd that nobody may talk to. */
import { join } from "node:path";
import { mkdirSync, symlinkSync, writeFileSync } from "../../os/files.ts";
import { GENERATIONS_DIRECTORY, generationNames, hostNames } from "../../paths.ts";
import type { HostMachine } from "../machine.ts";

/** Everything of it lies below a directory. It is a user's own host: no groups of the machine count. */
export function testMachine(directory: string): HostMachine {
  const place = (name: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    return join(directory, name);
  };
  const unexpected = async () => {
    throw new Error("This test talks to systemd");
  };
  return {
    scope: "user",
    stateDirectory: place("state"),
    storeDirectory: place("store"),
    unitDirectory: place("units"),
    etcDirectory: undefined,
    systemd: { scope: "user", control: unexpected, vmStates: unexpected },
  };
}

/** Makes a host's record the one that is in force. */
export function declare({ stateDirectory, storeDirectory }: HostMachine, record: object): void {
  const host = join(storeDirectory, "host");
  mkdirSync(host, { recursive: true });
  writeFileSync(join(host, hostNames.record), JSON.stringify({ version: 1, name: "default", ...record }));
  const generations = join(stateDirectory, GENERATIONS_DIRECTORY);
  mkdirSync(generations);
  symlinkSync(host, join(generations, "1"));
  symlinkSync("1", join(generations, generationNames.current));
}
