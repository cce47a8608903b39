/** Building many VMs of the same packages: what each costs beyond the first, in time and on the disk. */
import { type Benchmark, figure } from "./benchmark.ts";
import { changeExample, copyExample, microvm } from "./example.ts";

/** VMs beyond the first. */
const MORE = 99;

/**
 * The store's size is that of its blocks, as `du` counts them, in KiB. The second run makes the further VMs from a
 * store that has the first; the third finds all of them there.
 */
export const fleetBuild: Benchmark = {
  name: "fleet",
  runs: 3,
  async measure({ runs, workspace, say }) {
    const [time, disk, again] = [[], [], []] as number[][] as [number[], number[], number[]];
    for (let run = 1; run <= runs; run++) {
      const example = copyExample(workspace, `fleet-${run}`, "fleet");
      const size = async () =>
        Number((await workspace.run(["du", "-sk", example.store])).stdout.split("\t")[0]);
      const build = () => microvm(workspace, { ...example, name: "" }, ["build", "--all"]);
      await build();
      const first = await size();
      const one = (await build()).seconds;
      changeExample(example, /COUNT = 1;/, `COUNT = ${MORE + 1};`);
      const all = (await build()).seconds;
      time.push(((all - one) * 1000) / MORE);
      disk.push(((await size()) - first) / 1024 / MORE);
      again.push((await build()).seconds);
      say(
        `fleet ${run}/${runs}: ${all.toFixed(2)}, ${again.at(-1)?.toFixed(2)}, ${disk.at(-1)?.toFixed(3)} MiB`,
      );
    }
    const note = `no peer: mmdebstrap makes one system at a time; ${MORE + 1} VMs, whole commands`;
    return [
      figure("fleet", "build of each further VM of the same packages", time, [], note, "ms"),
      figure("fleet-disk", "its disk", disk, [], note, "MiB"),
      figure("fleet-nothing", "build of all when nothing changed", again, [], note),
    ];
  },
};
