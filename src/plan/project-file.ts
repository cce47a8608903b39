/** Files of a project that a VM is started with as they are: recipes of them. */
import type { Recipe } from "../store/recipe.ts";

/** A file of a project, as it was when the VM was planned. */
export interface ProjectFile {
  /** Absolute path. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** What a VM is started with in place of what its package set has. */
export interface BootFiles {
  readonly kernel?: ProjectFile;
  readonly initrd?: ProjectFile;
}

/** The recipe of a project's file: named by its content, wherever the project lies. */
export function projectFileRecipe(name: string, { file, size, sha256 }: ProjectFile): Recipe {
  return {
    kind: "project-file",
    version: 1,
    name,
    params: { file, size, label: name },
    inputs: {},
    fixed: { sha256 },
  };
}

/** Whether `microvm.kernel` names a file, and not a package: packages have no slash in their names. */
export function isKernelFile(kernel: string | null): kernel is string {
  return kernel?.includes("/") ?? false;
}
