/** Where a boot's time went, as text. Pure. */
import { printable } from "../os/printable.ts";
import type { BootTimes } from "./boot-times.ts";
import type { Span } from "./guest-report.ts";

/** Lines for a person: from, to and length of everything, in seconds. */
export function bootText({ name, groups, criticalChain, ready, uncertainty }: BootTimes): string {
  const number = (value: number) => value.toFixed(3).padStart(8);
  const line = (span: Span) =>
    `${number(span.start)} ${number(span.end)} ${number(span.end - span.start)}  ${printable(span.name).replace(/\s+/g, " ")}`;
  const instant = (what: string, value: number | null) =>
    value === null ? [] : [`${number(value)}  ${what}`];
  const section = (title: string, spans: readonly Span[]) =>
    spans.length === 0 ? [] : ["", title, ...spans.map(line)];
  return [
    `${printable(name)}: from, to, and how long, in seconds`,
    ...groups.flatMap(({ title, spans }) => section(title, spans)),
    ...section("critical chain, the last first", criticalChain),
    "",
    "ready",
    ...instant("the agent answers", ready.agent),
    ...instant("everything is started", ready.system),
    "",
    `The guest's times may be off the host's by ${Math.ceil(uncertainty * 1000)} ms.`,
    "",
  ].join("\n");
}
