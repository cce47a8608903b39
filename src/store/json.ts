/** What can be written as JSON; an absent and an undefined member are the same. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * One text for one value: members sorted by name (UTF-16 code units), no white space, undefined members left
 * out. A value that JSON cannot hold is a programmer's error.
 *
 * @example canonicalJson({ b: 1, a: [true] }) // '{"a":[true],"b":1}'
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`Not a JSON number: ${value}`);
  if (value === null || typeof value !== "object") return primitive(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Error(`Not a plain object: ${Object.prototype.toString.call(value)}`);
  }
  const object = value as { readonly [key: string]: Json | undefined };
  // A host's plan makes millions of members: without lists of them it takes half the time.
  let members = "";
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member !== undefined) members += `${members && ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

function primitive(value: string | number | boolean | null): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new Error(`Not a JSON value: ${typeof value}`);
  return text;
}
