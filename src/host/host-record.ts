/** What a host is made to be: the record in its store path, and the files that belong to it. */
import { join } from "node:path";
import { MicrovmError } from "../errors.ts";
import { readdirSync, readFileSync, readlinkSync, readTextIfExists } from "../os/files.ts";
import { hostNames } from "../paths.ts";

/** Whose systemd: the machine's, or a user's own. */
export type Scope = "system" | "user";

/** A VM that a host declares. */
export interface RecordedVm {
  /** Fully declared, or deployed from a reference. */
  readonly kind: "config" | "flake";
  /** Name of the runner's store path; null when it is not for this host to install again. */
  readonly runner: string | null;
  /** Name of the system's store path; null with the runner. */
  readonly system: string | null;
  readonly autostart: boolean;
  readonly restartIfChanged: boolean;
  /** Whether it changes without a reboot where that is possible; absent in older records: false. */
  readonly changeLive?: boolean;
  /** Of a deployed VM: what it is deployed from, and updated from. */
  readonly flake: string | null;
  readonly updateFlake: string | null;
  /** The user that runs it; null in a user's own systemd. */
  readonly user: string | null;
  /** Directories of its shares, which are made when they are not there. */
  readonly shareSources: readonly string[];
}

/** A host, as `host.json` has it. */
export interface HostRecord {
  readonly version: 1;
  readonly name: string;
  readonly scope: Scope;
  /** Absolute. */
  readonly stateDirectory: string;
  readonly vms: Readonly<Record<string, RecordedVm>>;
  /** VMs that start with the host and are not among its own. */
  readonly autostart: readonly string[];
}

/** A file of the host, or a link. */
export type HostFile = { readonly text: string } | { readonly target: string };

/** Everything that putting a generation in force needs to know. */
export interface HostTarget {
  readonly record: HostRecord;
  /** By path below the directory of units. */
  readonly units: ReadonlyMap<string, HostFile>;
  /** By path below `/etc`. */
  readonly etc: ReadonlyMap<string, HostFile>;
}

/** Reads a host's store path. Errors: `store-invalid` when it is not there or of a later version. */
export function readHost(path: string): HostTarget {
  return {
    record: readRecord(path),
    units: readFiles(join(path, hostNames.units)),
    etc: readFiles(join(path, hostNames.etc)),
  };
}

/** Reads only what a host declares, from its store path. Errors: as `readHost`. */
export function readRecord(path: string): HostRecord {
  const text = readTextIfExists(join(path, hostNames.record));
  const record = text === undefined ? undefined : (JSON.parse(text) as HostRecord);
  if (record?.version !== 1) {
    const why = record ? `of version ${record.version}, which this program does not know` : "not there";
    throw new MicrovmError("store-invalid", `The host's store path "${path}" is ${why}`, {
      hint: 'Run "microvm switch" to make a new generation',
    });
  }
  return record;
}

function readFiles(root: string): Map<string, HostFile> {
  const files = new Map<string, HostFile>();
  const visit = (directory: string) => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isSymbolicLink()) files.set(path, { target: readlinkSync(join(root, path)) });
      else files.set(path, { text: readFileSync(join(root, path), "utf8") });
    }
  };
  visit("");
  return files;
}
