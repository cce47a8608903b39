/**
 * The evaluating child from a snapshot of its memory: with everything loaded and every option declared it answers in
 * two thirds of the time. Node makes the snapshot of what this leaves in memory (`node --build-snapshot`). See
 * `snapshot.ts`.
 */
import v8 from "node:v8";
import { guestModule } from "../options/guest.ts";
import type { GuestSystemValue } from "../options/guest-system.ts";
import { hostModule } from "../options/host.ts";
import { answerRequest } from "./answer-request.ts";
import { evaluateVm } from "./evaluate-vm.ts";
import { loadedProgram, provideProgram } from "./load-project.ts";
import type { Project } from "./project.ts";
import { checkProject } from "./project-shape.ts";

/** What `microvm` exports. */
interface Program {
  debian(options: { readonly suite: "trixie"; readonly architecture: "amd64" }): GuestSystemValue;
}

/** It declares what most do: what has run once is compiled in the snapshot. */
const usual = ({ debian }: Program): Project => ({
  hosts: {
    host: ({ storeDir }) => ({
      microvm: {
        vms: {
          usual: {
            pkgs: debian({ suite: "trixie", architecture: "amd64" }),
            config: {
              microvm: {
                shares: [{ source: storeDir, mountPoint: "/store", tag: "ro-store", proto: "virtiofs" }],
                interfaces: [{ type: "user", id: "net0" }],
              },
              environment: { packages: ["kmod"] },
              services: { openssh: { enable: true } },
            },
          },
        },
      },
    }),
  },
});

/** Where it would lie. */
const place = { file: "/usual/microvm.config.ts", root: "/usual", storeDir: "/store", self: "path:/usual" };

/** Loads all, and says what a process does that starts from the snapshot. */
export function prepareSnapshot(program: Program): void {
  evaluateVm(checkProject(usual(program), place.file), place, { hostModule, guestModule });
  v8.startupSnapshot.setDeserializeMainFunction(() => {
    provideProgram(loadedProgram(program));
    answerRequest(process.argv.at(-1)!);
  });
}
