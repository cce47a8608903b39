/**
 * What `switch` does when nothing is to be done, on a machine without systemd: `switch-once.ts DIRECTORY`. Evaluates the
 * host of the project there, locks, plans, and compares with what is installed.
 */
import { join } from "node:path";
import { findProject } from "../src/config/index.ts";
import { evaluateSwitch, type HostMachine, planSwitch } from "../src/host/index.ts";
import { mkdirSync } from "../src/os/files.ts";
import { openTemporaryRoots } from "../src/store/temporary-roots.ts";

const directory = process.argv[2]!;
const machine: HostMachine = {
  scope: "system",
  stateDirectory: join(directory, "state"),
  storeDirectory: join(directory, "store"),
  unitDirectory: join(directory, "units"),
  etcDirectory: join(directory, "etc"),
  // Nothing runs.
  systemd: { scope: "system", control: async () => {}, vmStates: async () => new Map() },
};
mkdirSync(machine.storeDirectory, { recursive: true });
await using roots = openTemporaryRoots(machine.storeDirectory);
roots.begin();
const reporter = { step() {}, warning() {}, missing() {}, event() {} };
const project = findProject({ path: directory });
const evaluated = await evaluateSwitch({ machine, project, hostName: "bench", reporter, roots });
const plan = await planSwitch(evaluated);
process.stdout.write(`${plan.activation.vms.length}\n`);
