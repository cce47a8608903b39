/** A guest's report of its boot, as tests want it. */

/** A unit's part of a report; times in microseconds. */
export function unitReport(name: string, start: number, up: number, after = "", over = 0): string {
  return [
    `Id=${name}`,
    `After=${after}`,
    `InactiveExitTimestampMonotonic=${start}`,
    `ActiveEnterTimestampMonotonic=${up}`,
    `InactiveEnterTimestampMonotonic=${over}`,
  ].join("\n");
}

/** A whole report of a guest that was started after five seconds. */
export function report(units: readonly string[] = UNITS): string {
  return [
    "[    1.500000] Run /init as init process\n[    1.600000] microvm: initrd: modules\n[    1.800000] microvm: initrd: init",
    [
      "UserspaceTimestampMonotonic=2000000",
      "FinishTimestampMonotonic=5000000",
      "SecurityStartTimestampMonotonic=2100000",
      "SecurityFinishTimestampMonotonic=2200000",
      "GeneratorsStartTimestampMonotonic=2300000",
      "GeneratorsFinishTimestampMonotonic=2500000",
      "UnitsLoadStartTimestampMonotonic=2500000",
      "UnitsLoadFinishTimestampMonotonic=3000000",
    ].join("\n"),
    "Id=multi-user.target",
    ...units,
  ].join("\n\n");
}

const UNITS = [
  unitReport("multi-user.target", 5_000_000, 5_000_000, "web.service late.service gone.service"),
  unitReport("web.service", 4_000_000, 4_900_000, "disk.service quick.service"),
  unitReport("disk.service", 3_000_000, 3_900_000),
  unitReport("quick.service", 3_100_000, 3_200_000),
  unitReport("once.service", 3_000_000, 0, "", 3_500_000),
  unitReport("never.service", 0, 0),
  unitReport("later.service", 6_000_000, 7_000_000),
];
