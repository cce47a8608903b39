/** The faults of a configuration: each message is worded here and nowhere else. */
import { type ErrorCode, MicrovmError } from "../errors.ts";
import { type Location, showLocation } from "./location.ts";
import { showValue } from "./show.ts";
import { suggest } from "./suggest.ts";
import { Unwinding } from "./unwinding.ts";

/** A value and the file of the module that gave it. */
interface Given {
  readonly file: string;
  readonly value: unknown;
}

/** A definition that its option's type refuses. */
export function wrongType(location: Location, expected: string, given: readonly Given[]): MicrovmError {
  const found = given.map(({ value, file }) => `${showValue(value)} in "${file}"`).join(" and ");
  return new MicrovmError(
    "option-type",
    `The option "${showLocation(location)}" must be of type "${expected}", but is ${found}`,
  );
}

/** Definitions that exclude each other. */
export function conflict(
  location: Location,
  given: readonly Given[],
  hint = "Use mkForce or mkDefault to say which one counts",
): MicrovmError {
  const found = given.map(({ value, file }) => `${showValue(value)} in "${file}"`).join(", ");
  return new MicrovmError(
    "option-conflict",
    `The option "${showLocation(location)}" has conflicting definitions: ${found}`,
    { hint },
  );
}

/** Definitions of a tagged union that have different tags. */
export function severalTags(
  location: Location,
  given: readonly { readonly tag: string; readonly file: string }[],
): MicrovmError {
  const found = given.map(({ tag, file }) => `"${tag}" in "${file}"`).join(", ");
  return new MicrovmError(
    "option-conflict",
    `The option "${showLocation(location)}" must have one tag, but is defined as ${found}`,
    { hint: "Use mkForce or mkDefault to say which one counts" },
  );
}

/** A read-only option that is set beside the one value it has. */
export function setReadOnly(location: Location, given: readonly Given[]): MicrovmError {
  const found = given.map(({ value, file }) => `${showValue(value)} in "${file}"`).join(", ");
  return new MicrovmError(
    "option-conflict",
    `The option "${showLocation(location)}" is read-only, but is set several times: ${found}`,
  );
}

/** An option that is read although nothing defines it, and the files that declare it. */
export function notDefined(location: Location, declaredIn: readonly string[]): MicrovmError {
  const files = [...new Set(declaredIn)].map((file) => `"${file}"`).join(" and ");
  return new MicrovmError(
    "option-undefined",
    `The option "${showLocation(location)}" is used but not defined${files && `; it is declared in ${files}`}`,
  );
}

/** An option that is no more, defined in a file or read. */
export function removed(location: Location, instead: string, file?: string): MicrovmError {
  const where = file === undefined ? "" : `, defined in "${file}",`;
  return new MicrovmError(
    "option-unknown",
    `The option "${showLocation(location)}"${where} was removed: ${instead}`,
  );
}

/** A definition, or a read when no file is given, of an option that nobody declares. */
export function unknownOption(
  location: Location,
  siblings: Iterable<string>,
  files: readonly string[],
  hint?: string,
): MicrovmError {
  const where =
    files.length === 0 ? "" : `, but is defined in ${files.map((file) => `"${file}"`).join(" and ")}`;
  const near = suggest(String(location.at(-1)), siblings);
  const meant =
    near === undefined ? "" : `; did you mean "${showLocation([...location.slice(0, -1), near])}"`;
  return new MicrovmError(
    "option-unknown",
    `The option "${showLocation(location)}" does not exist${where}${meant}`,
    hint === undefined ? {} : { hint },
  );
}

/** An option that needs its own value. */
export function recursion(chain: readonly Location[], files: readonly string[]): MicrovmError {
  const where = files.slice(0, 2 * SHOWN_ENDS).map((file) => `"${file}"`);
  return new MicrovmError(
    "option-recursion",
    `Infinite recursion: the option "${showLocation(chain[0]!)}" needs its own value, by way of ${showChain(chain)}, in ${where.join(" and ")}`,
    { hint: "Write a literal value, or mkForce, in one of these options" },
  );
}

function showChain(chain: readonly Location[]): string {
  const shown = chain.map(showLocation);
  if (shown.length > 2 * SHOWN_ENDS) {
    const left = shown.length - 2 * SHOWN_ENDS;
    shown.splice(SHOWN_ENDS, left, `… ${left} more …`);
  }
  return shown.join(" → ");
}

/** A value that never ends: it contains itself, or functions that return functions. */
export function endless(location: Location, file: string): MicrovmError {
  return new MicrovmError(
    "option-recursion",
    `The value of the option "${showEnds(location)}" in "${file}" contains itself or is nested too deeply`,
  );
}

/** A location of thousands of parts, shortened. */
function showEnds(location: Location): string {
  if (location.length <= 2 * SHOWN_ENDS) return showLocation(location);
  return `${showLocation(location.slice(0, SHOWN_ENDS))}.….${showLocation(location.slice(-SHOWN_ENDS))}`;
}

/** How many parts of a long location or chain are shown at each end. */
const SHOWN_ENDS = 8;

/** Two freeform types in one evaluation that no value could have both. */
export function freeformTypesExclude(one: string, other: string): MicrovmError {
  return badModule(`The modules have the freeform types "${one}" and "${other}", which exclude each other`);
}

/** `config` was read by a module function instead of by a definition. */
export function readWhileCollecting(read: string, file: string): MicrovmError {
  return new MicrovmError(
    "option-recursion",
    `The module "${file}" reads "${read}" while modules are still being collected`,
    { hint: "Wrap the value in a function, so that it is read when needed: () => config.…" },
  );
}

/** A module, definition or condition that threw. */
export function threw(what: string, file: string, thrown: unknown): MicrovmError {
  if (thrown instanceof Unwinding) throw thrown;
  if (thrown instanceof MicrovmError) return thrown;
  const place = thrownPlace(thrown);
  const where = place === undefined ? `"${file}"` : place.startsWith(`${file}:`) ? `"${place}"` : `"${file}"`;
  const deeper = place === undefined || place.startsWith(`${file}:`) ? "" : ` (at "${place}")`;
  return new MicrovmError("config-threw", `${what} in ${where} threw${deeper}: ${describeThrown(thrown)}`, {
    cause: thrown,
  });
}

/** Anything else that is wrong with a module's shape. */
export function badModule(message: string, hint?: string): MicrovmError {
  return new MicrovmError("config-invalid", message, hint === undefined ? {} : { hint });
}

/** Wraps what was thrown while an option was evaluated, an exhausted stack included. */
export function whileEvaluating(location: Location, file: string, thrown: unknown): MicrovmError {
  if (thrown instanceof MicrovmError) return thrown;
  if (isOverflow(thrown)) return endless(location, file);
  return threw(`The definition of "${showLocation(location)}"`, file, thrown);
}

/** Whether the stack is exhausted. Says so without a call that needs much of it. */
export function isOverflow(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  // A regular expression that finds no stack left throws a SyntaxError.
  return thrown.message.includes("call stack size") || thrown.message.endsWith(": Stack overflow");
}

/** One error for many: a single fault keeps its own code, several are listed under one. */
export function combineFaults(
  faults: readonly MicrovmError[],
  code: ErrorCode = "config-invalid",
): MicrovmError {
  const unique = [...new Set(faults.flatMap(faultsOf))];
  if (unique.length === 1) return unique[0]!;
  const list = unique.map(({ message, hint }) => `\n- ${message}${hint === undefined ? "" : ` (${hint})`}`);
  return new MicrovmError(code, `The configuration has ${unique.length} faults:${list.join("")}`, {
    cause: new AggregateError(unique),
  });
}

/** The single faults that an error stands for. */
export function faultsOf(error: MicrovmError): readonly MicrovmError[] {
  return error.cause instanceof AggregateError ? (error.cause.errors as MicrovmError[]) : [error];
}

/** File and line of the code that threw: the first frame of the stack that is not the runtime's own. */
export function thrownPlace(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || typeof thrown.stack !== "string") return undefined;
  const frame = /(?:\(|at |file:\/\/)(\/[^\n()]+):(\d+):\d+\)?$/m.exec(thrown.stack);
  return frame ? `${decodePath(frame[1]!)}:${frame[2]}` : undefined;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === "" ? thrown.name : thrown.message;
  return showValue(thrown);
}
