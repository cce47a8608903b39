/** A small store with two versions of a VM, for tests of the commands about it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { buildFiles, filesRecipe } from "../../store/files.ts";
import { type Recipe, storePathName } from "../../store/recipe.ts";
import { openStore } from "../../store/store.ts";
import { microvm } from "./program.ts";

/** The commands own files as the users of guests do. */
export const skip = process.getuid?.() === 0 ? false : "needs root";

/** Everything of these tests; the program runs here. */
export const directory = mkdtempSync(join(tmpdir(), "microvm-test-"));
after(() => rmSync(directory, { recursive: true, force: true }));
/** The environment of the program. */
export const places = {
  MICROVM_STORE: join(directory, "store"),
  MICROVM_STATE_DIR: join(directory, "state"),
  MICROVM_CONFIG_DIR: join(directory, "config"),
};
/** With what `old` and `young` need. */
export const store = openStore(places.MICROVM_STORE);

/** Package files as the store names them; what they hold does not matter here. */
export const deb = (name: string): Recipe => ({ ...filesRecipe(name, []), kind: "files" });
const layer = (text: string, ...debs: string[]): Recipe => ({
  ...filesRecipe("trixie-packages", [{ path: "file", type: "file", text }]),
  inputs: { debs: debs.map(deb) },
});
const runner = (below: Recipe) =>
  filesRecipe(
    "microvm-qemu-web",
    [{ path: "bin/microvm-run", type: "file", text: "#!/bin/sh\n", mode: 0o755 }],
    {
      below,
    },
  );
/** The VM `web` before and after an update. */
export const old = runner(layer("old", "nginx_1.26.3-3_amd64.deb", "zlib1g_1_1.3_rc1-1_amd64.deb"));
export const young = runner(layer("young!", "nginx_1.26.4-1_amd64.deb", "curl_8.14.1-2_amd64.deb"));
/** Links to them, registered nowhere. */
export const links = { old: join(directory, "result-old"), young: join(directory, "result") };

/** Runs the program. */
export const run = async (...args: string[]) => await microvm(args, { env: places, cwd: directory });
/** Of its store path. */
export const name = (recipe: Recipe) => storePathName(recipe);
/** The layer below a runner. */
export const layerOf = (top: Recipe) => top.inputs.below as Recipe;
/** What a command that fails gives. */
export const failed = (message: string, hint?: string, status = 1) => ({
  status,
  stdout: "",
  stderr: `error: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`,
});

before(async () => {
  for (const top of [old, young]) await store.realise(top, { builders: { files: buildFiles } });
  symlinkSync(store.pathOf(old), links.old);
  symlinkSync(store.pathOf(young), links.young);
  mkdirSync(join(places.MICROVM_STATE_DIR, "web"), { recursive: true });
  symlinkSync(store.pathOf(old), join(places.MICROVM_STATE_DIR, "web/current"));
});
