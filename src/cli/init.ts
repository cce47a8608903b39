/** `microvm init`. */
import { join, resolve } from "node:path";
import { projectFileIn } from "../config/find-project.ts";
import { MicrovmError } from "../errors.ts";
import { mkdirSync, writeFileSync } from "../os/files.ts";
import { hostArchitecture } from "../packages/host-tools.ts";
import { PROJECT_FILE } from "../paths.ts";
import { type Command, parseWords } from "./command.ts";

/** Writes a first project. */
export const initCommand: Command = {
  name: "init",
  usage: "init [DIRECTORY]",
  summary: "Write a first project",
  help: `Writes a ${PROJECT_FILE} with a host that has one VM, to be changed: in this directory, or in another one, which is
made when it is not there. A file that is there is left alone.

Usage: microvm init [DIRECTORY] [options]

Options:
  -h, --help  Show this

Examples:
  microvm init my-project && microvm run my-project
  sudo microvm init /etc/microvm && sudo microvm switch
`,
  needsRoot: false,
  async run(args) {
    const { words } = parseWords("init", args, {});
    const [directory = ".", ...others] = words;
    if (others.length > 0) {
      throw new MicrovmError("bad-usage", `"init" takes one directory, not "${words.join('" and "')}"`, {
        hint: 'See "microvm init --help"',
      });
    }
    const there = projectFileIn(directory);
    if (there !== undefined) throw exists(there);
    const file = join(directory, PROJECT_FILE);
    try {
      mkdirSync(directory, { recursive: true });
      writeFileSync(file, projectText(hostArchitecture()), { flag: "wx" });
    } catch (error) {
      throw new MicrovmError("bad-usage", `Cannot write "${resolve(file)}": ${(error as Error).message}`, {
        hint: "Name a directory that you may write to",
        cause: error,
      });
    }
    const shown = directory === "." ? "" : ` ${directory}`;
    process.stdout.write(`Wrote ${file}\nTry it: microvm run${shown}\n`);
    return 0;
  },
};

function exists(file: string): MicrovmError {
  return new MicrovmError("bad-usage", `There is a project already: "${file}"`, {
    hint: "Change that, or name another directory",
  });
}

/** A project that builds as it is, and shows where things go. */
function projectText(architecture: string): string {
  return `import { debian, defineProject } from "microvm";

export default defineProject({
  hosts: {
    // "microvm switch" makes this machine so; "microvm run" only runs the VM, in the foreground.
    default: ({ storeDir }) => ({
      microvm: {
        vms: {
          "my-vm": {
            pkgs: debian({ suite: "trixie", architecture: "${architecture}" }),
            // "microvm options" lists what can stand here.
            config: {
              microvm: {
                mem: 512,
                vcpu: 2,
                // The guest reads the host's store: no image is built.
                shares: [
                  { source: storeDir, mountPoint: "/microvm/.ro-store", tag: "ro-store", proto: "virtiofs" },
                ],
                // A disk of its own, kept when the VM is built anew.
                volumes: [{ image: "data.img", size: 1024, mountPoint: "/var/lib/data" }],
              },
              environment: { packages: ["curl"] },
              networking: { hostName: "my-vm" },
            },
          },
        },
      },
    }),
  },
});
`;
}
