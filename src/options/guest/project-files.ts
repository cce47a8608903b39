/** Files of the project that options name. They are read when the guest is evaluated, with the rights of evaluation. */
import { MicrovmError } from "../../errors.ts";

/** Reads a text file, by its path relative to the project's directory. */
export type ReadText = (path: string) => string;

/** What modules are given by whoever evaluates a project. */
export interface ProjectFiles {
  /** Absent where a guest is evaluated that belongs to no project on disk. */
  readonly readText?: ReadText;
}

/** The text of a file that an option names. One that cannot be read is the option's fault (`config-invalid`). */
export function readProjectText(readText: ReadText | undefined, option: string, path: string): string {
  if (!readText) throw new Error(`Nothing reads files for "${option}"`);
  try {
    return readText(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MicrovmError("config-invalid", `"${option}" names "${path}", which cannot be read: ${reason}`, {
      cause,
      hint: "Name a file inside the project's directory, relative to it",
    });
  }
}
