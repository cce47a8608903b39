/** `microvm store import`. */
import { MicrovmError } from "../../errors.ts";
import { createReadStream } from "../../os/files.ts";
import { importClosure } from "../../store/import.ts";
import { registerLink } from "../../store/roots.ts";
import { openTemporaryRoots } from "../../store/temporary-roots.ts";
import { type Command, parseNoWords } from "../command.ts";
import { replaceLink } from "../links.ts";
import { statusLine } from "../output.ts";
import { stopSignal } from "../setting.ts";
import { readTrustedKeys } from "./key-files.ts";
import { storeInUse } from "./paths.ts";

/** Reads store paths from a stream. */
export const importCommand: Command = {
  name: "store import",
  usage: "store import [-o LINK]",
  summary: "Read such a stream into the store",
  help: `Reads a stream of "microvm store export" from standard input into the store, and prints the paths that were
exported. Every path must be signed by a trusted key, be what was signed, and have all that it needs; each gets
into the store whole or not at all.

Usage: microvm store import [options]

Options:
  -i, --input FILE      Read from FILE
  -o, --out-link LINK   Make LINK lead to the exported path, which "microvm gc" keeps as long as LINK is there
      --allow-unsigned  Take what no trusted key signed: whoever made the stream then decides what runs
      --json            Print an object: imported, present, roots
  -h, --help            Show this

Examples:
  ssh host microvm store export result | microvm store import -o result
  zstd -dc web.closure.zst | microvm store import --json
  microvm store import --input web.closure --allow-unsigned
`,
  needsRoot: true,
  async run(args) {
    const values = parseNoWords("store import", args, {
      input: { type: "string", short: "i" },
      "out-link": { type: "string", short: "o" },
      "allow-unsigned": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const { store } = storeInUse();
    if (values.input === undefined && process.stdin.isTTY) {
      throw new MicrovmError(
        "bad-usage",
        '"store import" reads a stream from standard input, not from a terminal',
        {
          hint: 'See "microvm store import --help"',
        },
      );
    }
    await using roots = openTemporaryRoots(store.directory);
    using status = statusLine();
    const source = values.input === undefined ? process.stdin : contentOf(values.input);
    const imported = await importClosure(store.directory, source, {
      trusted: readTrustedKeys(),
      allowUnsigned: values["allow-unsigned"],
      signal: stopSignal(),
      roots,
      onProgress: (count, name) => status.show(`${count} ${name}`),
    });
    status.clear();
    if (values["out-link"] !== undefined) link(values["out-link"], imported.roots, store);
    process.stdout.write(
      values.json
        ? `${JSON.stringify(imported, null, 2)}\n`
        : imported.roots.map((name) => `${store.pathOf(name)}\n`).join(""),
    );
    return 0;
  },
};

/** Opened when it is read, by who is told when that fails. */
async function* contentOf(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file);
}

function link(path: string, roots: readonly string[], store: ReturnType<typeof storeInUse>["store"]): void {
  if (roots.length !== 1) {
    throw new MicrovmError(
      "bad-usage",
      `The stream has ${roots.length} exported paths, and --out-link is for one`,
      {
        hint: "They are in the store; link those that you want to keep",
      },
    );
  }
  replaceLink(path, store.pathOf(roots[0]!));
  registerLink(store.directory, path);
}
