/** Checks an answer about one option. Like any answer it may have been written by the project's code. */
import type { TracedDefinition } from "../module-system/index.ts";
import { type Fields, isFields, malformed, openAnswer, printable } from "./answer.ts";
import type { TracedOption } from "./protocol.ts";

/** The option of an answer; throws the error that it carries. */
export function parseTrace(line: string, file: string): TracedOption {
  const { trace } = openAnswer(line, file);
  if (!isFields(trace)) throw malformed(file, "it holds no option");
  const text = (field: string) => asText(trace[field], file);
  const { option, declarations, definitions, default: byDefault } = trace;
  return {
    vm: text("vm"),
    name: text("name"),
    option: option === null ? null : text("option"),
    ...("value" in trace && { value: trace.value }),
    ...(isFields(trace.fault) && { fault: asFault(trace.fault, file) }),
    type: text("type"),
    description: text("description"),
    declarations: asList(declarations, file).map((each) => asText(each, file)),
    default: byDefault === null ? null : text("default"),
    definitions: asList(definitions, file).map((each) => asDefinition(each, file)),
  };
}

function asDefinition(given: unknown, file: string): TracedDefinition {
  const fields = isFields(given) ? given : {};
  const { priority, holds, won } = fields;
  if (typeof priority !== "number" || typeof holds !== "boolean" || typeof won !== "boolean") {
    throw malformed(file, "one of its definitions is none");
  }
  return {
    file: asText(fields.file, file),
    priority,
    strength: asText(fields.strength, file),
    shown: asText(fields.shown, file),
    ...("value" in fields && { value: fields.value }),
    holds,
    won,
  };
}

function asFault({ code, message, hint }: Fields, file: string) {
  return {
    code: asText(code, file),
    message: asText(message, file),
    ...(hint !== undefined && { hint: asText(hint, file) }),
  };
}

function asText(given: unknown, file: string): string {
  if (typeof given !== "string") throw malformed(file, "what it says of the option is no text");
  return printable(given);
}

function asList(given: unknown, file: string): readonly unknown[] {
  if (!Array.isArray(given)) throw malformed(file, "what it says of the option is no list");
  return given;
}
