const LOCATED: unique symbol = Symbol.for("microvm.located") as never;

/** A module and the file it is in. */
export interface Located {
  readonly module: unknown;
  readonly file: string;
}

/** Says which file a module is in, for messages and for the paths that it imports. */
export function withFile(file: string, module: unknown): Located {
  return { [LOCATED]: true, file, module } as Located;
}

/** Whether a module comes with its file. */
export function isLocated(value: unknown): value is Located {
  if (typeof value !== "object" || value === null) return false;
  try {
    return Object.hasOwn(value, LOCATED);
  } catch {
    // A proxy that cannot be asked; whoever reads it next says so.
    return false;
  }
}
