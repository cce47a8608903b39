/** `microvm store export`. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { MicrovmError, messageOf, systemCode } from "../../errors.ts";
import { createWriteStream } from "../../os/files.ts";
import { exportClosure } from "../../store/export.ts";
import { type Command, parseWords } from "../command.ts";
import { printWarning, statusLine } from "../output.ts";
import { stopSignal } from "../setting.ts";
import { readSecretKey } from "./key-files.ts";
import { storeInUse } from "./paths.ts";

/** Writes store paths to a stream. */
export const exportCommand: Command = {
  name: "store export",
  usage: "store export PATH…",
  summary: "Write store paths with all that they need to a stream",
  help: `Writes store paths, and all that they need at run time, as a stream to standard output, for "microvm store import"
on another machine. Each path is read and compared with its record before, and signed with your secret key.

Usage: microvm store export PATH… [options]

Options:
  -o, --output FILE     Write to FILE
      --sign-with FILE  Sign with the secret key in FILE (default: the one of "microvm store key generate")
      --unsigned        Do not sign
  -h, --help            Show this

Examples:
  microvm store export result | ssh host microvm store import
  microvm store export result | zstd >web.closure.zst
  microvm store export result -o web.closure --sign-with /root/release-key
`,
  needsRoot: true,
  async run(args) {
    const { words, values } = parseWords("store export", args, {
      output: { type: "string", short: "o" },
      "sign-with": { type: "string" },
      unsigned: { type: "boolean", default: false },
    });
    if (words.length === 0) throw wrongUsage('"store export" takes one store path or more');
    if (values.output === undefined && process.stdout.isTTY) {
      throw wrongUsage("The stream is not for a terminal: redirect it, or name a file with --output");
    }
    const { store, find } = storeInUse();
    const names = [...new Set(words.map(find))];
    const key = values.unsigned ? undefined : readSecretKey(values["sign-with"]);
    if (!key && !values.unsigned) printWarning("there is no secret key, the stream is not signed");
    using status = statusLine();
    const stream = exportClosure(store, names, {
      ...(key && { key }),
      onProgress: (done, total, name) => status.show(`${done}/${total} ${name}`),
    });
    const target =
      values.output === undefined ? process.stdout : createWriteStream(values.output, { flush: true });
    const signal = stopSignal();
    await pipeline(Readable.from(stream), target, { signal }).catch((error) => {
      throw signal.aborted ? signal.reason : explain(error, values.output);
    });
    return 0;
  },
};

/** What the store says is passed on; else it is the place that was written to. */
function explain(error: unknown, output: string | undefined): unknown {
  if (error instanceof MicrovmError || systemCode(error) === undefined) return error;
  const place = output === undefined ? "standard output" : `"${output}"`;
  return new MicrovmError("stream-invalid", `Cannot write the stream to ${place}: ${messageOf(error)}`, {
    hint: "What was written of it is cut off; export again",
    cause: error,
  });
}

function wrongUsage(message: string): MicrovmError {
  return new MicrovmError("bad-usage", message, { hint: 'See "microvm store export --help"' });
}
