/** Links in the state directory that lead to what VMs and the host run from. */
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { readdirSync } from "../os/files.ts";
import { GENERATIONS_DIRECTORY, RUNNER_LINKS } from "../paths.ts";

/** Absolute paths of the links of all installed VMs and of the host's generations; they need not be there. */
export function installedLinks(stateDirectory: string): string[] {
  const vms = list(stateDirectory).filter((name) => !name.startsWith("."));
  const generations = join(stateDirectory, GENERATIONS_DIRECTORY);
  return [
    ...vms.flatMap((name) => RUNNER_LINKS.map((link) => join(stateDirectory, name, link))),
    ...list(generations).map((name) => join(generations, name)),
  ];
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}
