/**
 * Evaluates projects in this process, warm: `node bench/evaluate-fleet.ts VMS RUNS`. Prints the milliseconds of each
 * run and the largest memory of the process as JSON.
 */
import { evaluateAll } from "../src/config/evaluate-all.ts";
import { importModule } from "../src/config/load-project.ts";
import type { Project } from "../src/config/project.ts";
import { guestModule } from "../src/options/guest.ts";
import { hostModule } from "../src/options/host.ts";
import { definitionsOf } from "./fleet.ts";

/** VMs that are evaluated before anything is measured. */
const WARM_UP = 200;

const [count, runs] = process.argv.slice(2).map(Number) as [number, number];
evaluate(WARM_UP);
const times: number[] = [];
for (let run = 0; run < runs; run++) {
  const start = performance.now();
  evaluate(count);
  times.push(performance.now() - start);
}
process.stdout.write(JSON.stringify({ times, kilobytes: process.resourceUsage().maxRSS }));

/** The whole way from modules, new ones each time, to plain configurations. */
function evaluate(vms: number): void {
  const names = Array.from({ length: vms }, (_, index) => [`vm-${index}`, { config: definitionsOf(index) }]);
  const project = { microvms: Object.fromEntries(names) } as Project;
  const request = {
    file: "/fleet/microvm.config.ts",
    root: "/fleet",
    storeDir: "/store",
    self: "path:/fleet",
  };
  const { vms: evaluated } = evaluateAll(project, request, { guestModule, hostModule, importModule });
  if (evaluated.length !== vms) throw new Error(`${evaluated.length} of ${vms} VMs`);
}
