/** `microvm store key generate`. */
import { dirname } from "node:path";
import { MicrovmError, systemCode } from "../../errors.ts";
import { writeFileSync } from "../../os/files.ts";
import { generateKeys } from "../../store/signing-keys.ts";
import { type Command, parseWords } from "../command.ts";
import { keyPlaces, makeKeyDirectory } from "./key-files.ts";

/** Makes a secret key. */
export const keyGenerateCommand: Command = {
  name: "store key generate",
  usage: "store key generate NAME [-o FILE]",
  summary: "Make a secret key, and print the public one",
  help: `Makes a pair of keys, writes the secret one to a file that only you may read, and prints the public one, for others
to trust. NAME tells people whose key it is: letters, digits, dots, dashes and underscores. An existing file is
never replaced.

Usage: microvm store key generate NAME [options]

Options:
  -o, --output FILE  Where to write the secret key (default: where "microvm store export" looks for it)
      --json         Print an object: name, publicKey, file
  -h, --help         Show this

Examples:
  microvm store key generate build-1.example.org
  microvm store key generate release -o /root/release-key
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("store key generate", args, {
      output: { type: "string", short: "o" },
      json: { type: "boolean", default: false },
    });
    const [name] = words;
    if (name === undefined || words.length > 1) {
      throw new MicrovmError("bad-usage", '"store key generate" takes one name', {
        hint: 'See "microvm store key generate --help"',
      });
    }
    const keys = generateKeys(name);
    const file = values.output ?? keyPlaces().secret;
    if (values.output === undefined) makeKeyDirectory(dirname(file));
    writeNew(file, `${keys.secret}\n`);
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ name, publicKey: keys.public, file }, null, 2)}\n`
        : `${keys.public}\n`,
    );
    return 0;
  },
};

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    throw new MicrovmError("bad-usage", `"${file}" exists and is not replaced`, {
      hint: "Move it away, or choose another file with --output",
    });
  }
}
