import type { TracedOption } from "../config/index.ts";

/** Where an option's value comes from, for a person: its value, every definition, how it is declared. */
export function traceText(traced: TracedOption): string {
  const { name, option, type, description, declarations } = traced;
  const value =
    "value" in traced ? JSON.stringify(traced.value) : traced.fault ? "no value" : "<no plain data>";
  const lines = [`${name} = ${value}`, "", ...definitionLines(traced)];
  if (option !== null) {
    if (option !== name) lines.push(`part of   ${option}`);
    lines.push(`type      ${type}`, `default   ${traced.default ?? "none"}`);
    for (const file of declarations) lines.push(`declared  ${file}`);
    if (description !== "") lines.push("", description);
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function definitionLines({ option, definitions }: TracedOption): string[] {
  if (option === null) return ["A set of options; name one of them to see its definitions."];
  if (definitions.length === 0) return ["Nobody defines it.", ""];
  const rows = definitions.map(({ won, holds, strength, shown, file }) => [
    won ? "won" : holds ? "lost" : "off",
    strength,
    shown,
    file,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  const isOff = definitions.some(({ holds }) => !holds);
  return [...lines, ...(isOff ? ["(off: its condition does not hold)"] : []), ""];
}
