/** `microvm store key list`. */
import { publicKeyText } from "../../store/signing-keys.ts";
import { type Command, parseNoWords } from "../command.ts";
import { readTrustedKeys } from "./key-files.ts";

/** Prints the trusted keys. */
export const keyListCommand: Command = {
  name: "store key list",
  usage: "store key list",
  summary: "Print the trusted keys",
  help: `Prints the public keys whose signatures "microvm store import" takes, one a line.

Usage: microvm store key list [options]

Options:
      --json  Print a list of objects: name, publicKey
  -h, --help  Show this

Examples:
  microvm store key list
`,
  needsRoot: false,
  async run(args) {
    const values = parseNoWords("store key list", args, { json: { type: "boolean", default: false } });
    const keys = readTrustedKeys().map((key) => ({ name: key.name, publicKey: publicKeyText(key) }));
    process.stdout.write(
      values.json
        ? `${JSON.stringify(keys, null, 2)}\n`
        : keys.map(({ publicKey }) => `${publicKey}\n`).join(""),
    );
    return 0;
  },
};
