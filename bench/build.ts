/** Cold build of a minimal guest with systemd: everything is fetched, unpacked and configured. */
import { join } from "node:path";
import { removeTree } from "../src/os/files.ts";
import { type Benchmark, figure } from "./benchmark.ts";
import { build, copyExample, lendTools } from "./example.ts";
import { buildPeer, peerProblem } from "./peer.ts";

/**
 * The whole command, from stores that are empty, and from stores that hold the host's own programs (QEMU and
 * others), which the peer does not make. Downloads are included on both sides. The last run is for memory alone, since
 * looking at it takes time.
 */
export const coldBuild: Benchmark = {
  name: "build",
  runs: 3,
  async measure({ runs, workspace, say }) {
    const problem = peerProblem();
    const whole: number[] = [];
    const guest: number[] = [];
    const peer: number[] = [];
    const ourMemory: number[] = [];
    const peerMemory: number[] = [];
    for (let run = 1; run <= runs + 1; run++) {
      const memory = run > runs;
      const first = copyExample(workspace, "whole", "minimal");
      const wholeRan = await build(workspace, first, { memory });
      const second = copyExample(workspace, "guest", "minimal");
      await lendTools(workspace, first, second);
      const guestRan = await build(workspace, second);
      const directory = join(workspace.directory, "peer");
      const peerRan = problem ? undefined : await buildPeer(workspace, second, directory, { memory });
      for (const name of ["whole", "guest", "peer"]) await removeTree(join(workspace.directory, name));
      if (memory) {
        ourMemory.push(wholeRan.mebibytes ?? 0);
        if (peerRan) peerMemory.push(peerRan.mebibytes ?? 0);
        break;
      }
      whole.push(wholeRan.seconds);
      guest.push(guestRan.seconds);
      if (peerRan) peer.push(peerRan.seconds);
      say(
        `build ${run}/${runs}: ${[whole, guest, peer].map((times) => times.at(-1)?.toFixed(1)).join(", ")}`,
      );
    }
    const note =
      problem ?? "peer: mmdebstrap --variant=minbase into a directory, same packages, kernel, initrd";
    return [
      figure("build", "cold build of the guest, tools there", guest, peer, note),
      figure("build-with-tools", "cold build of guest and host's tools", whole, peer, note),
      figure("build-memory", "memory of all processes of the latter", ourMemory, peerMemory, note, "MiB"),
    ];
  },
};
