/** Widest line of a value, in characters. */
const WIDTH = 80;

/** A plain value as a project file writes it: `{ image: "data.img" }`, over several lines when it is long. */
export function literal(value: unknown, indentation = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const inline = inlineLiteral(value);
  if (indentation.length + inline.length <= WIDTH) return inline;
  const deeper = `${indentation}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((entry) => literal(entry, deeper))
    : Object.entries(value).map(([name, entry]) => `${keyOf(name)}: ${literal(entry, deeper)}`);
  const [open, close] = isList ? "[]" : "{}";
  return `${open}\n${parts.map((part) => `${deeper}${part},\n`).join("")}${indentation}${close}`;
}

function inlineLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const parts = Object.entries(value).map(([name, entry]) => `${keyOf(name)}: ${inlineLiteral(entry)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
