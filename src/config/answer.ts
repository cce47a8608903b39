/** Checks the answer of an evaluating child, which may be anything: the project's code could have written it. */
import { type ErrorCode, MicrovmError } from "../errors.ts";
import { assertionsModule, combineFaults, evalModules, validatePlain } from "../module-system/index.ts";
import { guestModule } from "../options/guest.ts";
import { packageSet } from "../options/package-set.ts";
import { type EvaluatedVm, VM_NAME } from "./protocol.ts";

export type Fields = { readonly [name: string]: unknown };

/** The VM of an answer; throws the error that it carries. */
export function parseAnswer(line: string, file: string, wanted: string | undefined): EvaluatedVm {
  const { vm } = openAnswer(line, file);
  if (!isFields(vm)) throw malformed(file, "it holds no VM");
  const { name, pkgs, config, warnings } = vm;
  if (typeof name !== "string" || !VM_NAME.test(name) || (wanted !== undefined && name !== wanted)) {
    throw malformed(file, "it is of another VM");
  }
  if (pkgs !== null && !packageSet.check(pkgs)) throw malformed(file, "its package set is none");
  if (!Array.isArray(warnings) || !warnings.every((warning) => typeof warning === "string")) {
    throw malformed(file, "its warnings are no texts");
  }
  if (!isFields(config)) throw malformed(file, "its configuration is none");
  checkConfig(config);
  return { name, pkgs: pkgs as EvaluatedVm["pkgs"], config, warnings: warnings.map(printable) };
}

/** The fields of an answer; throws the error that it carries. */
export function openAnswer(line: string, file: string): Fields {
  const answer = parse(line, file);
  if (isFields(answer.error)) throw errorOf(answer.error, file);
  return answer;
}

/** A guest's own modules may declare more options; only those that this program knows are checked and used. */
function checkConfig(config: Fields): void {
  const options = evalModules({ modules: [assertionsModule, guestModule] });
  const faults = validatePlain(options, config).filter(({ code }) => code !== "option-unknown");
  if (faults.length > 0) throw combineFaults(faults);
}

function parse(line: string, file: string): Fields {
  try {
    const answer: unknown = JSON.parse(line);
    if (isFields(answer)) return answer;
  } catch {
    // It is malformed in any case.
  }
  throw malformed(file, "it is no JSON object");
}

function errorOf({ code, message, hint }: Fields, file: string): MicrovmError {
  if (typeof code !== "string" || !/^[a-z-]+$/.test(code) || typeof message !== "string") {
    return malformed(file, "its error is none");
  }
  return new MicrovmError(
    code as ErrorCode,
    printable(message),
    typeof hint === "string" ? { hint: printable(hint) } : {},
  );
}

/** Without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "\uFFFD");
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function malformed(file: string, why: string): MicrovmError {
  return new MicrovmError("config-invalid", `The evaluation of "${file}" gave a malformed answer: ${why}`);
}
