/** Where a boot's time went, host and guest on one axis. Pure. */
import type { Span } from "./guest-report.ts";
import type { ReadTimes } from "./guest-times.ts";

/** What the host did, in seconds of its own clock. Whoever did not start the guest knows nothing of it. */
export interface HostTimes {
  /** When the person's command began: the zero of the picture. */
  readonly start: number;
  readonly phases: readonly Span[];
  /** When the hypervisor was started. */
  readonly hypervisor: number;
  /** When the guest's agent answered first. */
  readonly ready: number;
}

/** A boot, in seconds from the start of the command, or from that of the guest's kernel when the host's part is not known. */
export interface BootTimes {
  readonly version: 1;
  readonly name: string;
  readonly groups: readonly Group[];
  /** Units that were waited for, the last one first. */
  readonly criticalChain: readonly Span[];
  /** When the agent answered, and when everything was started; null when it is not known, or not so yet. */
  readonly ready: { readonly agent: number | null; readonly system: number | null };
  /** How far the guest's times may be off the host's. */
  readonly uncertainty: number;
}

/** Bars that belong together. */
export interface Group {
  readonly title: string;
  readonly spans: readonly Span[];
}

/** Puts what both sides say on one axis. Units that took no time are left out of the groups. */
export function bootTimes(name: string, { guest, zero }: ReadTimes, host: HostTimes | undefined): BootTimes {
  const offset = host ? zero.at - host.start : 0;
  const shifted = (span: Span, by: number): Span => ({
    name: span.name,
    start: rounded(span.start + by),
    end: rounded(span.end + by),
  });
  const group = (title: string, spans: readonly Span[]): Group[] =>
    spans.length === 0 ? [] : [{ title, spans: spans.map((span) => shifted(span, offset)) }];
  // What began after the boot is no part of it.
  const booting = guest.units.filter(({ start }) => guest.finish === undefined || start <= guest.finish);
  const units = booting.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  const atMost = (value: number | undefined) => (value === undefined ? null : rounded(value));
  return {
    version: 1,
    name,
    groups: [
      ...(host
        ? [{ title: "host", spans: hostSpans(host, zero.at).map((one) => shifted(one, -host.start)) }]
        : []),
      ...group(
        "kernel",
        guest.kernelEnd === undefined ? [] : [{ name: "kernel", start: 0, end: guest.kernelEnd }],
      ),
      ...group("initrd", guest.initrd),
      ...group("systemd", guest.manager),
      ...group("units", units),
    ],
    criticalChain: criticalChain(booting, guest.target).map((span) => shifted(span, offset)),
    ready: {
      agent: atMost(host && host.ready - host.start),
      system: atMost(guest.finish && guest.finish + offset),
    },
    uncertainty: rounded(zero.uncertainty),
  };
}

/** What ends when the kernel begins is the hypervisor's own start and its firmware. */
function hostSpans({ phases, hypervisor }: HostTimes, kernel: number): Span[] {
  return [
    ...phases,
    { name: "hypervisor and firmware", start: hypervisor, end: Math.max(hypervisor, kernel) },
  ];
}

/** From the target back: of what a unit was started after, that which was up last. */
function criticalChain(
  units: readonly { name: string; start: number; end: number; after: readonly string[] }[],
  target: string | undefined,
): Span[] {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const chain: Span[] = [];
  const seen = new Set<string>();
  let unit = target === undefined ? undefined : byName.get(target);
  while (unit && !seen.has(unit.name)) {
    const { name, start, end } = unit;
    seen.add(name);
    chain.push({ name, start, end });
    unit = unit.after
      .map((before) => byName.get(before))
      .filter((before) => before !== undefined && before.end <= start)
      .reduce((last, before) => (last === undefined || before!.end > last.end ? before : last), undefined);
  }
  return chain;
}

/** Milliseconds: what is below is noise. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
