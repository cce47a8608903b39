/** `microvm store key trust`. */
import { join } from "node:path";
import { MicrovmError } from "../../errors.ts";
import { readTextIfExists, writeFileAtomically } from "../../os/files.ts";
import { parsePublicKey } from "../../store/signing-keys.ts";
import { type Command, parseWords } from "../command.ts";
import { keyPlaces, makeKeyDirectory } from "./key-files.ts";

/** Trusts a public key. */
export const keyTrustCommand: Command = {
  name: "store key trust",
  usage: "store key trust KEY",
  summary: "Trust a public key",
  help: `Trusts a public key: from then on "microvm store import" takes what it signed. Whoever has its secret key decides
what runs in VMs and, as QEMU and virtiofsd, on this machine. To trust it no more, remove its file, which is
printed.

Usage: microvm store key trust KEY [options]

KEY is the key itself, or a file that holds it.

Options:
      --json  Print an object: name, file
  -h, --help  Show this

Examples:
  microvm store key trust microvm-public:build-1.example.org:BASE64
  microvm store key trust build-1.pub
`,
  needsRoot: false,
  async run(args) {
    const { words, values } = parseWords("store key trust", args, {
      json: { type: "boolean", default: false },
    });
    const [word] = words;
    if (word === undefined || words.length > 1) {
      throw new MicrovmError("bad-usage", '"store key trust" takes one key', {
        hint: 'See "microvm store key trust --help"',
      });
    }
    const text = (word.includes(":") ? word : (readTextIfExists(word) ?? word)).trim();
    const { name } = parsePublicKey(text, `"${word}"`);
    const { trusted } = keyPlaces();
    const file = join(trusted, name);
    const known = readTextIfExists(file)?.trim();
    if (known !== undefined && known !== text) {
      throw new MicrovmError("bad-usage", `Another key of the name "${name}" is trusted already`, {
        hint: `To trust this one in its place, remove "${file}"`,
      });
    }
    makeKeyDirectory(trusted);
    writeFileAtomically(file, `${text}\n`);
    process.stdout.write(values.json ? `${JSON.stringify({ name, file }, null, 2)}\n` : `${file}\n`);
    return 0;
  },
};
