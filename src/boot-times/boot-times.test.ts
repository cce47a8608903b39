import assert from "node:assert/strict";
import { test } from "node:test";
import { bootTimes, type HostTimes } from "./boot-times.ts";
import { parseGuestTimes } from "./guest-report.ts";
import { report, unitReport } from "./testing/report.ts";
import { bootText } from "./text.ts";

const zero = { at: 101, uncertainty: 0.0123 };
const host: HostTimes = {
  start: 100,
  phases: [{ name: "build", start: 100, end: 100.4 }],
  hypervisor: 100.5,
  ready: 105.5,
};

const groupsOf = (text: string, hostTimes?: HostTimes) =>
  Object.fromEntries(
    bootTimes("web", { guest: parseGuestTimes(text), zero }, hostTimes).groups.map(({ title, spans }) => [
      title,
      spans.map(({ name, start, end }) => [name, start, end]),
    ]),
  );

test("host and guest are on one axis, which begins with the command", () => {
  assert.deepEqual(groupsOf(report(), host), {
    host: [
      ["build", 0, 0.4],
      ["hypervisor and firmware", 0.5, 1],
    ],
    kernel: [["kernel", 1, 2.5]],
    initrd: [
      ["modules", 2.6, 2.8],
      ["init", 2.8, 3],
    ],
    systemd: [
      ["set up security modules", 3.1, 3.2],
      ["run generators", 3.3, 3.5],
      ["load units", 3.5, 4],
    ],
    units: [
      ["disk.service", 4, 4.9],
      ["once.service", 4, 4.5],
      ["quick.service", 4.1, 4.2],
      ["web.service", 5, 5.9],
    ],
  });
});

test("of a guest that somebody else started only its own part is shown, from its kernel on", () => {
  const groups = groupsOf(report());
  assert.ok(!("host" in groups));
  assert.deepEqual(groups.kernel, [["kernel", 0, 1.5]]);
});

test("the critical chain goes back by what was up last", () => {
  const { criticalChain, ready } = bootTimes("web", { guest: parseGuestTimes(report()), zero }, host);
  assert.deepEqual(
    criticalChain.map(({ name }) => name),
    ["multi-user.target", "web.service", "disk.service"],
  );
  assert.deepEqual(ready, { agent: 5.5, system: 6 });
});

test("units that claim to have waited for each other end the chain", () => {
  const units = [
    unitReport("multi-user.target", 10, 10, "a.service"),
    unitReport("a.service", 10, 10, "multi-user.target"),
  ];
  const { criticalChain } = bootTimes("web", { guest: parseGuestTimes(report(units)), zero }, host);
  assert.equal(criticalChain.length, 2);
});

test("a report with nothing in it, or nonsense, is an empty boot", () => {
  const nonsense = [
    "",
    "\n\n\n\n",
    "\0\xff\n\nFinishTimestampMonotonic=-5\n\nId=\n\nId=x\nInactiveExitTimestampMonotonic=9e9\n\n=",
    report([
      unitReport("backwards.service", 9, 5),
      unitReport("never.ends", 99_999_999_999_999, 999_999_999_999_999),
    ])
      .replace(/Monotonic=[2-5]/g, "Monotonic=x")
      .replace(/\[ /g, "["),
  ];
  for (const text of nonsense) {
    const times = bootTimes("web", { guest: parseGuestTimes(text), zero }, undefined);
    assert.deepEqual(
      times.groups.filter(({ title }) => title === "units"),
      [],
    );
    assert.deepEqual([times.criticalChain, times.ready], [[], { agent: null, system: null }]);
  }
});

test("more units than any guest has are not read", () => {
  const many = Array.from({ length: 6000 }, (_, index) => unitReport(`u${index}.service`, 10, 20));
  assert.equal(parseGuestTimes(report(many)).units.length, 5000);
});

test("the text has every group, the chain and both instants, and nothing that moves a cursor", () => {
  const units = [unitReport("evil\x1b[2J.service\x07", 3_000_000, 4_000_000)];
  const text = bootText(bootTimes("web", { guest: parseGuestTimes(report(units)), zero }, host));
  assert.match(text, /^ {3}4\.000 {4}5\.000 {4}1\.000 {2}evil\.service$/m);
  assert.match(text, /^ {3}5\.500 {2}the agent answers$/m);
  assert.match(text, /^ {3}6\.000 {2}everything is started$/m);
  assert.match(text, /may be off the host's by 12 ms/);
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
});
