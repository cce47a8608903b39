/** How the time and the memory of a cold build grow with the number of packages. */
import { join } from "node:path";
import { fetchIndices, releaseState } from "../src/packages/debian/fetch-index.ts";
import { mirrorsFor } from "../src/packages/debian/mirror.ts";
import { newMirrorPool } from "../src/packages/debian/mirror-pool.ts";
import { openIndex } from "../src/packages/debian/package-index.ts";
import { debian } from "../src/packages/debian/package-set.ts";
import { fetchRelease } from "../src/packages/debian/release.ts";
import { sourcesOf } from "../src/packages/debian/sources.ts";
import { type Benchmark, type Figure, figure } from "./benchmark.ts";
import { build, changeExample, copyExample, lendTools } from "./example.ts";
import type { Workspace } from "./workspace.ts";

/** Packages asked for on top of a minimal guest, which has about 130 with its kernel. */
const COUNTS = [10, 100, 300, 1000] as const;

/** From stores that hold the host's tools; what is fetched is counted. The memory is that of all processes. */
export const growth: Benchmark = {
  name: "growth",
  runs: 1,
  async measure({ runs, workspace, say }) {
    const names = await modulesOfPerl(workspace);
    const first = copyExample(workspace, "tools", "minimal");
    await build(workspace, first);
    const figures: Figure[] = [];
    for (const count of COUNTS) {
      const seconds: number[] = [];
      const memory: number[] = [];
      for (let run = 1; run <= runs + 1; run++) {
        const example = copyExample(workspace, `growth-${count}-${run}`, "minimal");
        const wanted = names.slice(0, count).map((name) => `"${name}"`);
        changeExample(example, /"kmod"\]/, `"kmod", ${wanted.join(", ")}]`);
        await lendTools(workspace, first, example);
        const ran = await build(workspace, example, { memory: run > runs });
        if (run > runs) memory.push(ran.mebibytes ?? 0);
        else seconds.push(ran.seconds);
      }
      const time = figure(`growth-${count}`, `cold build with ${count} packages more`, seconds);
      const what = "memory of all its processes";
      figures.push(time, figure(`growth-${count}-memory`, what, memory, [], null, "MiB"));
      say(`${time.name}: ${time.ours} s, ${figures.at(-1)?.ours} MiB`);
    }
    return figures;
  },
};

/** Small packages that need nothing but Perl: of these Debian has more than a thousand. */
async function modulesOfPerl({ directory }: Workspace): Promise<readonly string[]> {
  const set = debian({ suite: "trixie", architecture: "amd64", updates: false, security: false });
  const source = sourcesOf(set)[0]!;
  const mirrors = mirrorsFor(set);
  const state = releaseState(source, await fetchRelease(source, mirrors), set.architecture);
  const place = { mirrors, pool: newMirrorPool(), indicesDirectory: join(directory, "indices") };
  const index = openIndex(await fetchIndices(source, state, place), set.architecture);
  const plain = [...index.names()].filter((name) => {
    const found = /^lib.*-perl$/.test(name) ? index.get(name) : undefined;
    const needs = [...(found?.preDepends ?? []), ...(found?.depends ?? [])];
    return (
      found?.conflicts.length === 0 &&
      needs.every((group) => group.some(({ name: need }) => /^perl\b/.test(need)))
    );
  });
  return plain.sort();
}
