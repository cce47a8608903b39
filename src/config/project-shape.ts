import { MicrovmError } from "../errors.ts";
import { suggest } from "../module-system/index.ts";
import type { Project } from "./project.ts";

const KEYS = ["hosts", "microvms"];

/** Checks what a project file exports. */
export function checkProject(exported: unknown, file: string): Project {
  if (exported instanceof Promise) {
    exported.catch(() => {});
    throw invalid(`"${file}" exports a promise`, "Projects are evaluated at once; remove the async");
  }
  if (!isSet(exported)) {
    throw invalid(
      `"${file}" must export a project as its default, but exports ${describe(exported)}`,
      "Write: export default defineProject({ … })",
    );
  }
  for (const key of Object.keys(exported)) {
    if (KEYS.includes(key)) continue;
    const near = suggest(key, KEYS);
    throw invalid(
      `The project in "${file}" has the unknown key "${key}"${near === undefined ? "" : `; did you mean "${near}"`}`,
      'A project has "hosts" and "microvms"',
    );
  }
  const { hosts = {}, microvms = {} } = exported;
  if (!isSet(hosts))
    throw invalid(`"hosts" of the project in "${file}" must be an object, but is ${describe(hosts)}`);
  if (!isSet(microvms)) {
    throw invalid(`"microvms" of the project in "${file}" must be an object, but is ${describe(microvms)}`);
  }
  return { hosts, microvms } as Project;
}

function isSet(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise);
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Promise) return "a promise";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function invalid(message: string, hint?: string): MicrovmError {
  return new MicrovmError("config-invalid", message, hint === undefined ? {} : { hint });
}
