/** A kernel and an initrd of the project's own: found below its directory, and looked at before the VM is planned. */
import { createHash } from "node:crypto";
import { join, sep } from "node:path";
import { MicrovmError, systemCode } from "../errors.ts";
import type { GuestConfig } from "../options/guest.ts";
import { readFileSync, realpathSync, statSync } from "../os/files.ts";
import { type BootFiles, isKernelFile, type ProjectFile } from "../plan/project-file.ts";

/** The files that a VM's `microvm.kernel` and `microvm.initrdPath` name. Errors: `config-invalid`. */
export function bootFiles({ microvm }: GuestConfig, projectDirectory: string): BootFiles {
  const { kernel, initrdPath } = microvm;
  return {
    ...(isKernelFile(kernel) && { kernel: projectFile("microvm.kernel", kernel, projectDirectory) }),
    ...(initrdPath !== null && {
      initrd: projectFile("microvm.initrdPath", initrdPath, projectDirectory),
    }),
  };
}

/** It becomes readable for all in the store, so that no link of a project may lead to other files of the host. */
function projectFile(option: string, path: string, projectDirectory: string): ProjectFile {
  const top = realpathSync(projectDirectory);
  const fault = (text: string, cause?: unknown) =>
    new MicrovmError("config-invalid", `"${option}" is "${path}", ${text}`, {
      hint: "Name a file inside the project's directory, relative to it",
      cause,
    });
  let file: string;
  try {
    file = realpathSync(join(top, path));
  } catch (cause) {
    throw fault(`which cannot be found: ${systemCode(cause)}`, cause);
  }
  if (!file.startsWith(`${top}${sep}`)) throw fault(`which is not below "${top}"`);
  if (!statSync(file).isFile()) throw fault("which is no file");
  const content = readFileSync(file);
  return { file, size: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}
