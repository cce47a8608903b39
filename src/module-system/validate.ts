/** Checks plain values against declared options, without evaluating anything. */

import { isAttributes } from "./attributes.ts";
import type { DeclaredOption, DeclaredSet } from "./declarations.ts";
import { declaringFiles } from "./declaring-files.ts";
import { notDefined, unknownOption, wrongType } from "./faults.ts";
import type { Location } from "./location.ts";
import { contextWithin } from "./model.ts";
import { type AnyType, type EvaluationContext, type JsonSchema, RESULT, type Report } from "./types/type.ts";

/** Whether the plain configuration holds the option. */
export function isPlainOption({ option }: DeclaredOption): boolean {
  return option.internal !== true && !option.type.opaque;
}

/** Whether the plain configuration holds anything of the set. */
export function isPlainSet(declared: DeclaredSet): boolean {
  for (const child of declared.children.values()) {
    if (child.kind === "set" ? isPlainSet(child) : isPlainOption(child)) return true;
  }
  return declared.children.size === 0;
}

/** Reports whatever a plain value has that a set's options do not allow, and what it lacks. */
export function validateSet(
  declared: DeclaredSet,
  freeformType: AnyType | undefined,
  value: unknown,
  location: Location,
  report: Report,
  context: EvaluationContext,
): void {
  if (!isAttributes(value)) {
    report(wrongType(location, "attribute set", [{ value, file: RESULT }]));
    return;
  }
  for (const name of Object.keys(value)) {
    const at = [...location, name];
    const child = declared.children.get(name);
    if (child?.kind === "set") validateSet(child, freeformType, value[name], at, report, context);
    else if (child && isPlainOption(child)) validateOption(child, value[name], at, report, context);
    else if (!child && freeformType)
      freeformType.validate({ [name]: value[name] }, location, report, context);
    else report(unknownOption(at, declared.children.keys(), [RESULT]));
  }
  for (const [name, child] of declared.children) {
    const expected = child.kind === "option" ? isPlainOption(child) : isPlainSet(child);
    if (expected && !Object.hasOwn(value, name))
      report(notDefined([...location, name], declaringFiles(filesOf(child), context.declaredIn ?? [])));
  }
}

/** Files that declare an option, or any option of a set. */
function filesOf(child: DeclaredSet | DeclaredOption): readonly string[] {
  return child.kind === "option" ? child.files : [...child.children.values()].flatMap(filesOf);
}

/** A value that `apply` made may be of any type. */
function validateOption(
  { option, files }: DeclaredOption,
  value: unknown,
  location: Location,
  report: Report,
  context: EvaluationContext,
): void {
  if (!option.apply) option.type.validate(value, location, report, contextWithin(context, files));
}

/** JSON Schema of what may be defined in a set of options. */
export function schemaOf(
  declared: DeclaredSet,
  freeformType: AnyType | undefined,
  context: EvaluationContext,
): JsonSchema {
  const properties: Record<string, unknown> = Object.create(null);
  for (const [name, child] of declared.children) {
    if (child.kind === "set") properties[name] = schemaOf(child, undefined, context);
    else if (isPlainOption(child)) {
      const { description, type } = child.option;
      properties[name] = { ...type.toJsonSchema(context), ...(description !== undefined && { description }) };
    }
  }
  const additional = freeformType?.toJsonSchema(context).additionalProperties ?? freeformType !== undefined;
  return { type: "object", properties, additionalProperties: additional };
}
