/** The texts of an index, one after the other: in memory, or in a file of which only what is asked for is read. */
import { crc32 } from "node:zlib";
import { MicrovmError } from "../../errors.ts";
import { closeSync, openSync, readSync, rmSync } from "../../os/files.ts";
import { STANZA_WORDS, StanzaWord } from "./index-tables.ts";

/** Texts by the stanzas that the tables have. */
export interface IndexTexts {
  /** The text of a stanza; its bytes are taken for Latin-1 characters. */
  stanza(id: number): string;
  /** All texts. */
  whole(): Buffer;
}

/** Those that were just read. */
export function textsInMemory(stanzas: Uint32Array, texts: readonly Buffer[]): IndexTexts {
  let whole: Buffer | undefined;
  const starts: number[] = [];
  texts.reduce((start, text) => {
    starts.push(start);
    return start + text.length;
  }, 0);
  return {
    stanza(id) {
      const { start, length, source } = placeOf(stanzas, id);
      const from = start - starts[source]!;
      return texts[source]!.toString("latin1", from, from + length);
    },
    whole: () => (whole ??= texts.length === 1 ? texts[0]! : Buffer.concat(texts)),
  };
}

/** Those that begin at a place of a file. Errors of both: `checksum-mismatch` for a file that was damaged, which is removed. */
export function textsInFile(stanzas: Uint32Array, path: string, offset: number, length: number): IndexTexts {
  let whole: Buffer | undefined;
  let file: number | undefined;
  const read = (start: number, count: number): Buffer => {
    // It is closed when nobody asks any more, which is after a resolution.
    if (file === undefined) {
      file = openSync(path, "r");
      setImmediate(() => {
        closeSync(file!);
        file = undefined;
      });
    }
    const bytes = Buffer.allocUnsafe(count);
    const found = readSync(file, bytes, 0, count, offset + start);
    return bytes.subarray(0, found);
  };
  return {
    stanza(id) {
      const { start, length, checksum } = placeOf(stanzas, id);
      const bytes = whole?.subarray(start, start + length) ?? read(start, length);
      if (crc32(bytes) === checksum) return bytes.toString("latin1");
      rmSync(path, { force: true });
      throw new MicrovmError("checksum-mismatch", `The kept index "${path}" was damaged and is removed`, {
        hint: "Run the command again: it is made anew",
      });
    },
    whole: () => (whole ??= read(0, length)),
  };
}

function placeOf(stanzas: Uint32Array, id: number) {
  const word = (place: number) => stanzas[id * STANZA_WORDS + place]!;
  return {
    start: word(StanzaWord.start),
    length: word(StanzaWord.length),
    checksum: word(StanzaWord.checksum),
    source: word(StanzaWord.source),
  };
}
