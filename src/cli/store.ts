/** `microvm store`: the commands about the store. */
import { MicrovmError } from "../errors.ts";
import type { Command } from "./command.ts";

/** Names its commands; it does nothing by itself. */
export const storeCommand: Command = {
  name: "store",
  usage: "store COMMAND",
  summary: "Look into the store, check it, copy from it and into it",
  help: `Looks into the store, checks it, copies from it and into it. "microvm gc" removes what nothing needs.

Usage: microvm store COMMAND [options]

Commands:
  verify       Check that what is in the store is what was built, repair it, build it anew and compare
  optimise     Let equal files of different store paths be one file on the disk
  path-info    Show size, digest, references and recipe of store paths
  why-depends  Show why one store path needs another
  diff         Show what differs between two store paths and all that they need
  export       Write store paths with all that they need to a stream
  import       Read such a stream into the store
  key          Make and trust the keys that streams are signed with

A store path is given as its path or name, the beginning of its name, its name without the hash when only one
has it, a link that leads to it, or the name of an installed VM.

Options:
  -h, --help  Show this; behind a command, show that command's

Examples:
  microvm store verify
  microvm store path-info result --closure
  microvm store diff result-old result
`,
  needsRoot: false,
  commands: {
    verify: async () => (await import("./store/verify.ts")).verifyCommand,
    optimise: async () => (await import("./store/optimise.ts")).optimiseCommand,
    "path-info": async () => (await import("./store/path-info.ts")).pathInfoCommand,
    "why-depends": async () => (await import("./store/why-depends.ts")).whyDependsCommand,
    diff: async () => (await import("./store/diff.ts")).diffCommand,
    export: async () => (await import("./store/export.ts")).exportCommand,
    import: async () => (await import("./store/import.ts")).importCommand,
    key: async () => (await import("./store/key.ts")).keyCommand,
  },
  async run() {
    throw new MicrovmError("bad-usage", '"store" needs a command', { hint: 'See "microvm store --help"' });
  },
};
