/** Cold build of the example: everything is fetched, unpacked and configured. */
import { join } from "node:path";
import { removeTree } from "../src/os/files.ts";
import { type Benchmark, figure } from "./benchmark.ts";
import { copyExample, lendTools, microvm } from "./example.ts";
import { buildPeer, peerProblem } from "./peer.ts";

/**
 * The whole command, from stores that are empty, and from stores that hold the host's own programs (QEMU and
 * others), which the peer does not make. Downloads are included on both sides.
 */
export const build: Benchmark = {
  name: "build",
  runs: 3,
  async measure({ runs, workspace, say }) {
    const problem = peerProblem();
    const whole: number[] = [];
    const guest: number[] = [];
    const peer: number[] = [];
    for (let run = 1; run <= runs; run++) {
      const first = copyExample(workspace, "whole");
      whole.push((await microvm(workspace, first, "build")).seconds);
      const second = copyExample(workspace, "guest");
      await lendTools(workspace, first, second);
      guest.push((await microvm(workspace, second, "build")).seconds);
      const directory = join(workspace.directory, "peer");
      if (!problem) peer.push(await buildPeer(workspace, second, directory));
      for (const name of ["whole", "guest", "peer"]) await removeTree(join(workspace.directory, name));
      say(
        `build ${run}/${runs}: ${[whole, guest, peer].map((times) => times.at(-1)?.toFixed(1)).join(", ")}`,
      );
    }
    const note =
      problem ?? "peer: mmdebstrap --variant=minbase into a directory, same packages, kernel, initrd";
    return [
      figure("build", "cold build of the guest, tools there", guest, peer, note),
      figure("build-with-tools", "cold build of guest and host's tools", whole, peer, note),
    ];
  },
};
