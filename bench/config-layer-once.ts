/**
 * Builds a configuration layer with 50 units and 20 users on the packages of a built guest, again and again, each time
 * with something changed: `node bench/config-layer-once.ts STORE RUNS`. Prints milliseconds as JSON.
 */
import { join } from "node:path";
import { buildersWith } from "../src/build/builders.ts";
import { configLayerRecipe } from "../src/guest/config-layer.ts";
import { unitCheckRecipe } from "../src/guest/unit-check.ts";
import { assertionsModule, evalModules, toPlain } from "../src/module-system/index.ts";
import { type GuestConfig, guestModule } from "../src/options/guest.ts";
import { readdirSync } from "../src/os/files.ts";
import { hostArchitecture } from "../src/packages/host-tools.ts";
import { storeNames } from "../src/paths.ts";
import { guestFiles } from "../src/plan/guest-files.ts";
import { type Recipe, recipeOf } from "../src/store/recipe.ts";
import { openStore } from "../src/store/store.ts";
import { openTemporaryRoots } from "../src/store/temporary-roots.ts";

const architecture = hostArchitecture();
const UNITS = 50;
const USERS = 20;

const [directory = "", runs = "1"] = process.argv.slice(2);
const store = openStore(directory);
const lowers = packageLayers();
const times: Record<"evaluate" | "layer" | "check", number[]> = { evaluate: [], layer: [], check: [] };
// The first run loads the program's parts. All layers come before the first check: what a check removes makes some file
// systems slow to make files for some seconds.
const runNumbers = Array.from({ length: Number(runs) + 1 }, (_, index) => index - 1);
// Every command begins these while it evaluates the project.
await using roots = openTemporaryRoots(directory);
const options = { builders: buildersWith({}), roots };
const made = [];
for (const run of runNumbers) {
  const config = await timed("evaluate", run, () => evaluated(run));
  const files = guestFiles(config, null);
  made.push({ run, files });
  await timed("layer", run, () => store.realise(configLayerRecipe("bench-config", files, lowers), options));
}
for (const { run, files } of made) {
  const { units, entries } = files;
  const recipe = unitCheckRecipe(units, entries, lowers, architecture, { architecture });
  await timed("check", run, () => store.realise(recipe, options));
}
process.stdout.write(JSON.stringify(times));

async function timed<T>(kind: keyof typeof times, run: number, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const value = await work();
  if (run >= 0) times[kind].push(performance.now() - start);
  return value;
}

/** A guest's configuration, another one in each run of each process. */
function evaluated(run: number): GuestConfig {
  const services = Array.from({ length: UNITS }, (_, index) => [
    `service-${index}`,
    {
      description: `Service ${index} of ${process.pid}/${run}`,
      wantedBy: ["multi-user.target"],
      after: ["network.target"],
      environment: { INDEX: String(index) },
      serviceConfig: { Restart: "on-failure", ProtectSystem: "strict" },
      script: `exec sleep ${index}\n`,
    },
  ]);
  const users = Array.from({ length: USERS }, (_, index) => [`user-${index}`, { isNormalUser: true }]);
  const config = {
    networking: { hostName: "bench" },
    systemd: { services: Object.fromEntries(services) },
    users: { users: Object.fromEntries(users) },
  };
  const modules = [assertionsModule, guestModule, { config }];
  return toPlain(evalModules({ modules })) as unknown as GuestConfig;
}

/** The layers of packages below the configuration layer that the store has. */
function packageLayers(): readonly Recipe[] {
  const infos = readdirSync(join(directory, storeNames.info)).map((file) =>
    store.info(file.slice(0, -".json".length)),
  );
  const layer = infos.find(({ recipe }) => recipe.kind === "config-layer");
  if (!layer) throw new Error(`The store has no guest: "${directory}"`);
  return recipeOf(layer.recipe).inputs.lowers as readonly Recipe[];
}
