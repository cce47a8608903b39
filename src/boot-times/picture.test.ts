import assert from "node:assert/strict";
import { test } from "node:test";
import { bootTimes } from "./boot-times.ts";
import { parseGuestTimes } from "./guest-report.ts";
import { bootPicture } from "./picture.ts";
import { report, unitReport } from "./testing/report.ts";

const zero = { at: 1, uncertainty: 0.01 };
const host = { start: 0, phases: [{ name: "build", start: 0, end: 0.5 }], hypervisor: 0.5, ready: 5.5 };

const pictureOf = (units?: readonly string[], name = "web") =>
  bootPicture(bootTimes(name, { guest: parseGuestTimes(report(units)), zero }, host));

/** What keeps a text from being XML of the few kinds of things that the picture has; undefined when nothing does. */
function fault(xml: string): string | undefined {
  const open: string[] = [];
  const pieces = xml.matchAll(
    /<(\/?)([a-z]+)((?: [\w-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)(\/?)>|([^<]+)|(<)/g,
  );
  for (const [whole, end, tag, , alone, text, stray] of pieces) {
    if (stray) return `a stray "<" in ${open.join("/")}`;
    if (text !== undefined) {
      if (/&(?!(?:amp|lt|gt|quot);)/.test(text)) return `an "&" in ${JSON.stringify(whole)}`;
      if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/.test(text)) return `a character in ${JSON.stringify(whole)}`;
    } else if (end) {
      if (open.pop() !== tag) return `the end of ${tag}`;
    } else if (!alone) open.push(tag!);
  }
  return open.length > 0 ? `${open.join("/")} has no end` : undefined;
}

const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

test("the picture is XML and has every bar with its name and length", () => {
  const svg = pictureOf();
  assert.equal(fault(svg), undefined);
  const texts = textsOf(svg);
  for (const text of ["build 0.50", "kernel 1.50", "modules 0.20", "load units 0.50", "web.service 0.90"]) {
    assert.ok(texts.includes(text), text);
  }
  assert.deepEqual(
    texts.filter((text) => /^(agent|started) /.test(text)),
    ["agent 5.50", "started 6.00"],
  );
  assert.match(svg, /class="chain"\/><text [^>]*>web\.service/);
});

test("what a guest calls its units is text, whatever it is", () => {
  const names = [
    `</text><script>alert(1)</script>`,
    `"onload="alert(1)`,
    "&#60;b&amp;]]>",
    "\ud800\ufffe\0\x1b[31m",
    "x".repeat(1000),
    "<!--",
  ];
  const svg = pictureOf(
    names.map((name) => unitReport(name, 3_000_000, 4_000_000)),
    `<web> & "co"`,
  );
  assert.equal(fault(svg), undefined);
  assert.doesNotMatch(svg, /<script|"onload|<!--|x{71}/);
  assert.ok(textsOf(svg).includes("&lt;/text&gt;&lt;script&gt;alert(1)&lt;/script&gt; 1.00"));
});

test("of very many units the longest are drawn, and the rest are counted", () => {
  const units = Array.from({ length: 150 }, (_, index) =>
    unitReport(`u${index}.service`, 3_000_000, 3_000_000 + index * 1000),
  );
  const svg = pictureOf(units);
  assert.equal(textsOf(svg).filter((text) => /^u\d+\.service/.test(text)).length, 100);
  assert.match(svg, /; 49 units that were quicker are left out/);
});

test("labels stay in the picture and bars do not leave it", () => {
  const units = [unitReport(`${"long-".repeat(12)}.service`, 4_900_000, 5_000_000)];
  for (const [, x] of pictureOf(units).matchAll(/<rect x="([\d.]+)"/g)) assert.ok(Number(x) <= 1160);
  assert.match(pictureOf(units), /text-anchor="end" y="\d+">long-/);
});

test("a boot of which nothing is known is a picture all the same", () => {
  const svg = bootPicture(bootTimes("web", { guest: parseGuestTimes(""), zero }, undefined));
  assert.equal(fault(svg), undefined);
});
