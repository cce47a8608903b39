/** `microvm store key`: the commands about keys. */
import { MicrovmError } from "../../errors.ts";
import type { Command } from "../command.ts";

/** Names its commands; it does nothing by itself. */
export const keyCommand: Command = {
  name: "store key",
  usage: "store key COMMAND",
  summary: "Make and trust the keys that streams are signed with",
  help: `Makes and trusts the keys that streams of store paths are signed with (ed25519). "microvm store export" signs with
the secret key of who exports; "microvm store import" takes what a trusted key signed.

Usage: microvm store key COMMAND [options]

Commands:
  generate  Make a secret key, and print the public one
  trust     Trust a public key
  list      Print the trusted keys

Options:
  -h, --help  Show this; behind a command, show that command's

Examples:
  microvm store key generate build-1.example.org
  microvm store key trust microvm-public:build-1.example.org:BASE64
`,
  needsRoot: false,
  commands: {
    generate: async () => (await import("./key-generate.ts")).keyGenerateCommand,
    trust: async () => (await import("./key-trust.ts")).keyTrustCommand,
    list: async () => (await import("./key-list.ts")).keyListCommand,
  },
  async run() {
    throw new MicrovmError("bad-usage", '"store key" needs a command', {
      hint: 'See "microvm store key --help"',
    });
  },
};
