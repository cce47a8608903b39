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
  return typeof value === "object" && value !== null && Object.hasOwn(value, LOCATED);
}
