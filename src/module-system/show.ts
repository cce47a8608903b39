/** How values appear in messages. */
import { lazySource } from "./attributes.ts";
import { asWrapper } from "./wrappers.ts";

/** Longest text of a value in a message, in characters. */
const LONGEST = 80;

/** A value as shortened JSON; what JSON cannot say is said in words. */
export function showValue(value: unknown): string {
  if (typeof value === "function") return value.length > 0 ? "a function with parameters" : "a function";
  if (value === undefined || typeof value === "bigint" || typeof value === "number") return String(value);
  if (typeof value === "symbol") return "a symbol";
  if (value instanceof Promise) return "a promise";
  if (typeof value === "object" && value !== null && isForeign(value))
    return `an instance of ${className(value)}`;
  return shorten(toJson(value));
}

function isForeign(value: object): boolean {
  if (Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype !== null && prototype !== Object.prototype;
}

function className(value: object): string {
  const made: unknown = value.constructor;
  return typeof made === "function" && made.name ? made.name : "a class";
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, describeOpaque) ?? "undefined";
  } catch {
    return "a value that cannot be shown";
  }
}

function describeOpaque(_key: string, value: unknown): unknown {
  if (typeof value === "function") return "<function>";
  if (typeof value === "bigint" || typeof value === "symbol" || value === undefined)
    return `<${typeof value}>`;
  if (typeof value === "object" && value !== null) {
    if (lazySource(value)) return "<configuration>";
    if (asWrapper(value)) return "<wrapped definition>";
  }
  return value;
}

function shorten(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}
