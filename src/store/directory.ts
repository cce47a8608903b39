/** The store's own directories: looked at, and made ready to be written to. */
import { join } from "node:path";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { accessSync, existsSync, fsConstants, lstatSync, mkdirSync } from "../os/files.ts";
import { syncDirectory } from "../os/sync.ts";
import { storeNames } from "../paths.ts";
import { infoFile } from "./info.ts";

/** Whether a store path is there, whole. */
export function isPresent(directory: string, name: string): boolean {
  if (!existsSync(infoFile(directory, name))) return false;
  return lstatSync(join(directory, name), { throwIfNoEntry: false }) !== undefined;
}

/** Waits until the names of paths and of their records are on the disk. */
export function syncNames(directory: string): void {
  for (const one of [directory, join(directory, storeNames.info)]) syncDirectory(one);
}

/** Makes sure that the store exists and can be written to (`store-invalid`, `permission-denied`). */
export function prepareDirectory(directory: string): void {
  const { temporary, locks, info, gcRoots, temporaryRoots } = storeNames;
  const own = [temporary, locks, gcRoots, temporaryRoots];
  try {
    // Layers hold set-uid programs and accounts: the host's other users have no business in them.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    mkdirSync(join(directory, info), { recursive: true });
    for (const name of own) mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
    for (const name of ["", info, ...own]) {
      accessSync(join(directory, name), fsConstants.W_OK | fsConstants.X_OK);
    }
  } catch (error) {
    throw explain(error, directory);
  }
}

function explain(error: unknown, directory: string): unknown {
  switch (systemCode(error)) {
    case "EEXIST":
    case "ENOTDIR":
      return new MicrovmError("store-invalid", `The store "${directory}" is not a directory`, {
        hint: "Move away what is there, or set MICROVM_STORE to another directory",
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new MicrovmError(
        "permission-denied",
        `Cannot write to the store "${directory}": ${messageOf(error)}`,
        { hint: "Run as the owner of the store, or set MICROVM_STORE to a directory of yours", cause: error },
      );
    default:
      return error;
  }
}
