/** Where a boot's time went, as a picture: an SVG with one axis. Pure. */
import { printable } from "../os/printable.ts";
import type { BootTimes } from "./boot-times.ts";
import type { Span } from "./guest-report.ts";

/** Sizes in pixels. */
const WIDTH = 1200;
const LEFT = 90;
const RIGHT = 40;
const TOP = 64;
const ROW = 20;
const BAR = 14;
const GAP = 10;
/** Of a character of the labels' font at 12 px, with some room. */
const CHARACTER = 7.4;

/** More units are not drawn: the longest are. */
const MOST_UNITS = 100;

/** How much of a name is shown, in characters. */
const LONGEST_LABEL = 70;

/** About how many lines the axis has. */
const TICKS = 12;

/** Colours that are told apart on white and on black; texts and lines follow the viewer's scheme. */
const COLOURS: Readonly<Record<string, string>> = {
  host: "#8a7fd1",
  kernel: "#d08b2e",
  initrd: "#3f9e9e",
  systemd: "#c2608f",
  units: "#4f86c6",
};

const STYLE = `
text { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; fill: #24292f; stroke: #ffffff; stroke-width: 3px; paint-order: stroke }
.title { font-size: 16px; font-weight: bold }
.quiet { fill: #6a737d }
.back { fill: #ffffff }
.grid { stroke: #d8dee4 }
.ready { stroke: #2e8b57; stroke-width: 1.5 }
.chain { stroke: #c0392b; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #d7dce2; stroke: #16191d } .quiet { fill: #9aa4af } .back { fill: #16191d } .grid { stroke: #343b43 }
}`;

/** A bar, or the title of a group, at its height. */
interface Row {
  readonly y: number;
  readonly group: string;
  readonly span: Span;
  readonly isFirst: boolean;
}

/** The picture, a whole SVG file. Names in it are the guest's, and are escaped. */
export function bootPicture(times: BootTimes): string {
  const { rows, height, left } = layOut(times);
  const scale = axis(times);
  const chain = new Set(times.criticalChain.map(({ name }) => name));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<style>${STYLE}</style>`,
    `<rect class="back" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="${GAP}" y="24">${xmlText(`${times.name}: where its boot's time went`)}</text>`,
    ...grid(scale, height),
    ...readyLines(times, scale, height),
    ...rows.map((row) => bar(row, scale, chain)),
    `<text class="quiet" x="${GAP}" y="${height - 10}">${xmlText(legend(times, left))}</text>`,
    "</svg>",
    "",
  ].join("\n");
}

function legend({ uncertainty }: BootTimes, left: number): string {
  const more = left > 0 ? `; ${left} units that were quicker are left out` : "";
  return `Seconds. Red edge: critical chain. The guest's times may be off the host's by ${Math.ceil(uncertainty * 1000)} ms${more}.`;
}

function layOut({ groups }: BootTimes): { rows: Row[]; height: number; left: number } {
  const rows: Row[] = [];
  let y = TOP;
  let left = 0;
  for (const { title, spans } of groups) {
    const drawn = longest(spans);
    left += spans.length - drawn.length;
    for (const [index, span] of drawn.entries()) {
      rows.push({ y, group: title, span, isFirst: index === 0 });
      y += ROW;
    }
    y += GAP;
  }
  return { rows, height: y + 30, left };
}

function longest(spans: readonly Span[]): readonly Span[] {
  if (spans.length <= MOST_UNITS) return spans;
  const kept = new Set([...spans].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, MOST_UNITS));
  return spans.filter((span) => kept.has(span));
}

/** Where a time lies, and the times that have a line. */
interface Axis {
  readonly x: (time: number) => number;
  readonly ticks: readonly number[];
}

function axis({ groups, ready }: BootTimes): Axis {
  const ends = groups.flatMap(({ spans }) => spans.map(({ end }) => end));
  const last = Math.max(0.1, ready.agent ?? 0, ready.system ?? 0, ...ends.slice(0, 20_000));
  const raw = last / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
  return { x: (time) => LEFT + (Math.max(0, time) / last) * (WIDTH - LEFT - RIGHT), ticks };
}

function grid({ x, ticks }: Axis, height: number): string[] {
  return ticks.map((tick) => {
    const at = x(tick).toFixed(1);
    const label = Number(tick.toPrecision(6));
    return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 26}"/><text class="quiet" x="${at}" y="${TOP - 12}" text-anchor="middle">${label}</text>`;
  });
}

function bar({ y, group, span, isFirst }: Row, { x }: Axis, chain: ReadonlySet<string>): string {
  const start = x(span.start);
  const width = Math.max(1, x(span.end) - start);
  const label = `${shown(span.name)} ${(span.end - span.start).toFixed(span.end - span.start < 0.1 ? 3 : 2)}`;
  const size = label.length * CHARACTER;
  const isBeforeMiddle = start < WIDTH / 2;
  const fits = start + width + 6 + size < WIDTH;
  const place =
    isBeforeMiddle && fits
      ? `x="${(start + width + 6).toFixed(1)}"`
      : start - 6 - size > LEFT
        ? `x="${(start - 6).toFixed(1)}" text-anchor="end"`
        : `x="${(start + 6).toFixed(1)}"`;
  const edge = group === "units" && chain.has(span.name) ? ' class="chain"' : "";
  const title = isFirst ? `<text class="quiet" x="${GAP}" y="${y + 11}">${xmlText(group)}</text>` : "";
  return `${title}<rect x="${start.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" fill="${COLOURS[group] ?? COLOURS.units}"${edge}/><text ${place} y="${y + 11}">${xmlText(label)}</text>`;
}

function readyLines({ ready }: BootTimes, { x }: Axis, height: number): string[] {
  return [
    { what: "agent", at: ready.agent, y: 24 },
    { what: "started", at: ready.system, y: 38 },
  ].flatMap(({ what, at, y }) => {
    if (at === null) return [];
    const place = x(at).toFixed(1);
    return [
      `<line class="ready" x1="${place}" x2="${place}" y1="${y + 3}" y2="${height - 26}"/>`,
      `<text x="${place}" y="${y}" text-anchor="end">${what} ${at.toFixed(2)}</text>`,
    ];
  });
}

/** A name as the picture has room for it. */
function shown(name: string): string {
  const text = printable(name).replace(/\s+/g, " ");
  return text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1)}…` : text;
}

/** Text of XML 1.0, which knows neither half characters nor U+FFFE and U+FFFF. */
function xmlText(text: string): string {
  return printable(text)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}
