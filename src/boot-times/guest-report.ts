/** A guest's own report of its boot, from text. Everything in it may be wrong or missing, and is then left out. Pure. */

/** A piece of the guest's time, in seconds of its own clock. */
export interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A unit from its start to when it was up, or over. */
export interface UnitSpan extends Span {
  /** Names of the units that it was started after. */
  readonly after: readonly string[];
}

/** When things happened in a guest, in seconds since its kernel's clock began. */
export interface GuestTimes {
  /** When the kernel started the initrd's script, or the init of a guest without one. */
  readonly kernelEnd: number | undefined;
  readonly initrd: readonly Span[];
  /** When systemd began, and when everything was started; undefined while it is not. */
  readonly systemdStart: number | undefined;
  readonly finish: number | undefined;
  /** What systemd does before it starts units. */
  readonly manager: readonly Span[];
  readonly units: readonly UnitSpan[];
  /** The unit that the guest starts up to. */
  readonly target: string | undefined;
}

/** No unit's name is longer, systemd.unit(5). */
const LONGEST_NAME = 255;

/** More units, and more that one was started after, are not believed. */
const MOST_UNITS = 5000;

/** A boot that took longer is none, in seconds. */
const LONGEST_BOOT = 24 * 3600;

/** Reads a report: four parts, and the units' parts after them, each of them ended by an empty line. */
export function parseGuestTimes(report: string): GuestTimes {
  const [log = "", managerText = "", targetText = "", ...unitTexts] = report.split(/\n\n+|^\n/);
  const manager = properties(managerText);
  const systemdStart = seconds(manager.get("UserspaceTimestampMonotonic"));
  return {
    ...kernelLog(log, systemdStart),
    systemdStart,
    finish: seconds(manager.get("FinishTimestampMonotonic")),
    manager: MANAGER_STEPS.flatMap(([name, from, to]) =>
      span(name, seconds(manager.get(from)), seconds(manager.get(to))),
    ),
    units: unitTexts.slice(0, MOST_UNITS).flatMap((text) => unitSpan(properties(text))),
    target: nameOf(properties(targetText).get("Id")),
  };
}

/** What systemd does, and its names of when it begins and ends. */
const MANAGER_STEPS = [
  ["set up security modules", "SecurityStartTimestampMonotonic", "SecurityFinishTimestampMonotonic"],
  ["run generators", "GeneratorsStartTimestampMonotonic", "GeneratorsFinishTimestampMonotonic"],
  ["load units", "UnitsLoadStartTimestampMonotonic", "UnitsLoadFinishTimestampMonotonic"],
] as const;

/** Lines such as `[    3.848757] Run /init as init process` and `[    3.9] microvm: initrd: modules`. */
function kernelLog(text: string, systemdStart: number | undefined) {
  const lines = [
    ...text.matchAll(/^\[ *(\d{1,9}\.\d{1,9})\] (?:Run \S+ as init process|microvm: initrd: (.{1,100}))$/gm),
  ].map(([, time, step]) => ({ time: Number(time), step }));
  const steps = lines.filter(({ step }) => step !== undefined);
  return {
    kernelEnd: lines.find(({ step }) => step === undefined)?.time,
    initrd: steps.flatMap(({ time, step }, index) =>
      span(step!, time, steps[index + 1]?.time ?? lastEnd(time, systemdStart)),
    ),
  };
}

/** systemd's clock may be a little behind the log's. */
function lastEnd(time: number, systemdStart: number | undefined): number | undefined {
  return systemdStart === undefined ? undefined : Math.max(time, systemdStart);
}

function unitSpan(unit: ReadonlyMap<string, string>): UnitSpan[] {
  const start = seconds(unit.get("InactiveExitTimestampMonotonic"));
  const up = seconds(unit.get("ActiveEnterTimestampMonotonic"));
  // What ran once and is over was never up.
  const end = up ?? seconds(unit.get("InactiveEnterTimestampMonotonic"));
  const after = (unit.get("After") ?? "")
    .split(" ")
    .slice(0, MOST_UNITS)
    .flatMap((name) => nameOf(name) ?? []);
  return span(nameOf(unit.get("Id")), start, end).map((one) => ({ ...one, after }));
}

function span(name: string | undefined, start: number | undefined, end: number | undefined): Span[] {
  if (name === undefined || start === undefined || end === undefined || end < start) return [];
  return [{ name, start, end }];
}

function properties(text: string): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
}

function nameOf(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text.slice(0, LONGEST_NAME);
}

/** systemd counts microseconds; zero is never. */
function seconds(text: string | undefined): number | undefined {
  const value = /^\d{1,15}$/.test(text ?? "") ? Number(text) / 1e6 : 0;
  return value > 0 && value <= LONGEST_BOOT ? value : undefined;
}
