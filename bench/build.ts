/** Cold build of a minimal guest with systemd: everything is fetched, unpacked and configured. */
import { join } from "node:path";
import { type Benchmark, figure } from "./benchmark.ts";
import { build, copyExample, lendTools } from "./example.ts";
import { buildPeer, peerProblem } from "./peer.ts";

/**
 * The whole command, from stores that are empty, and from stores that hold the host's own programs (QEMU and
 * others), which the peer does not make. Downloads are included on both sides. The last run is for memory alone, since
 * looking at it takes time. Nothing is removed before the end: for minutes after many files were removed, ext4 looks at
 * each of their inodes before it makes a new one (`recently_deleted` in its sources), which costs seconds.
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
      const first = copyExample(workspace, `whole-${run}`, "minimal");
      const wholeRan = await build(workspace, first, { memory });
      const second = copyExample(workspace, `guest-${run}`, "minimal");
      await lendTools(workspace, first, second);
      const guestRan = await build(workspace, second);
      const directory = join(workspace.directory, `peer-${run}`);
      const peerRan = problem ? undefined : await buildPeer(workspace, second, directory, { memory });
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
