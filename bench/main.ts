/**
 * Benchmarks, each beside a peer in the same run where there is one:
 * `npm run bench -- [build|rebuild|config-layer|boot|eval|resolve|switch|host-start|list|live|all] [--json] [--runs N]`.
 * Figures go to standard output, what is going on to standard error.
 */
import { parseArgs } from "node:util";
import { messageOf } from "../src/errors.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import { boot } from "./boot.ts";
import { coldBuild } from "./build.ts";
import { configLayer } from "./config-layer.ts";
import { evaluate } from "./eval.ts";
import { fleetBuild } from "./fleet-build.ts";
import { growth } from "./growth.ts";
import { hostStart } from "./host-start.ts";
import { list } from "./list.ts";
import { live } from "./live.ts";
import { rebuild } from "./rebuild.ts";
import { resolution } from "./resolve.ts";
import { switching } from "./switch.ts";
import { openWorkspace } from "./workspace.ts";

const BENCHMARKS: readonly Benchmark[] = [
  evaluate,
  resolution,
  configLayer,
  rebuild,
  fleetBuild,
  switching,
  hostStart,
  boot,
  coldBuild,
  growth,
  list,
  live,
];

const USAGE = `Usage: npm run bench -- [${BENCHMARKS.map(({ name }) => name).join("|")}|all] [--json] [--runs N]`;

process.exitCode = await main(process.argv.slice(2));

/** Exit status: 0 measured, 1 failed, 2 wrong usage, 130 stopped by the person. */
async function main(args: readonly string[]): Promise<number> {
  const asked = readArguments(args);
  if (typeof asked === "string") {
    process.stderr.write(`${asked}\n${USAGE}\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop.abort(name));
  try {
    const figures: Figure[] = [];
    for (const benchmark of asked.benchmarks) {
      figures.push(...(await measure(benchmark, asked.runs ?? benchmark.runs, stop.signal)));
    }
    process.stdout.write(asked.json ? `${JSON.stringify(figures, null, 2)}\n` : table(figures));
    return 0;
  } catch (error) {
    process.stderr.write(stop.signal.aborted ? "Stopped\n" : `${messageOf(error)}\n`);
    return stop.signal.aborted ? 130 : 1;
  }
}

async function measure(benchmark: Benchmark, runs: number, signal: AbortSignal): Promise<Figure[]> {
  await using workspace = openWorkspace(signal);
  return await benchmark.measure({ runs, workspace, say: (text) => process.stderr.write(`${text}\n`) });
}

/** What is wrong with the arguments, or what they ask for. */
function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: "boolean", default: false }, runs: { type: "string" } },
      allowPositionals: true,
    });
    const runs = values.runs === undefined ? undefined : Number(values.runs);
    if (runs !== undefined && !(Number.isInteger(runs) && runs > 0)) return `"--runs" is "${values.runs}"`;
    const names = positionals.length === 0 ? ["all"] : positionals;
    const unknown = names.find((name) => name !== "all" && !BENCHMARKS.some((one) => one.name === name));
    if (unknown !== undefined) return `There is no benchmark "${unknown}"`;
    const benchmarks = BENCHMARKS.filter(({ name }) => names.includes("all") || names.includes(name));
    return { benchmarks, runs, json: values.json };
  } catch (error) {
    return messageOf(error);
  }
}

/** One line a figure, and the notes below. */
function table(figures: readonly Figure[]): string {
  const shown = (value: number | null, unit: string) =>
    value === null ? "–" : `${value.toFixed(2)} ${unit}`;
  const rows = figures.map(({ name, what, unit, ours, peer, ratio, runs }) => [
    name,
    shown(ours, unit),
    shown(peer, unit),
    ratio === null ? "–" : ratio.toFixed(2),
    String(runs),
    what,
  ]);
  const all = [["name", "ours", "peer", "ratio", "runs", "what"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  const notes = [...Map.groupBy(figures, ({ note }) => note)].flatMap(([note, noted]) =>
    note === null ? [] : [`${noted.map(({ name }) => name).join(", ")}: ${note}`],
  );
  return `${[...lines, "", ...notes].join("\n")}\n`;
}
