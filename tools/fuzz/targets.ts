/** What is fuzzed: the parsers of what comes from archives, mirrors and projects, with what must hold for any input. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lzma from "lzma-native";
import { MicrovmError } from "../../src/errors.ts";
import { openXzDecoder, xzContentSize } from "../../src/os/xz-decoder.ts";
import { formatParagraph, parseParagraphs } from "../../src/packages/debian/control.ts";
import { openDeb } from "../../src/packages/debian/deb.ts";
import { formatGroup, parseRelations } from "../../src/packages/debian/dependencies.ts";
import { openIndex } from "../../src/packages/debian/package-index.ts";
import { findStanzas } from "../../src/packages/debian/packages-text.ts";
import { readTar } from "../../src/packages/debian/tar.ts";
import { packagesText, sourceOf } from "../../src/packages/debian/testing/index-fixtures.ts";
import { buildDeb, buildTar } from "../../src/packages/debian/testing.ts";
import { activatedTriggers, parseTriggers } from "../../src/packages/debian/triggers.ts";
import { readControl } from "../../src/packages/debian/unpack-deb.ts";
import { compareVersions } from "../../src/packages/debian/version.ts";
import { formatLock, parseLock } from "../../src/packages/lock.ts";
import { LOCK_SEEDS } from "./lock-seeds.ts";
import { repairTar } from "./repair-tar.ts";

/** One parser. */
export interface Target {
  readonly name: string;
  /** Valid inputs to begin with. */
  readonly seeds: () => Promise<readonly Buffer[]>;
  /** What means something to the parser. */
  readonly words: readonly string[];
  /** Makes a mutated input one that is not refused at once, for its checksums. */
  readonly repair?: (input: Buffer) => Buffer;
  /** Parses an input. What the parser refuses is a `MicrovmError`; any other error is a fault. */
  readonly run: (input: Buffer) => unknown;
}

let directory: string | undefined;

function makeDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), "microvm-fuzz-"));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A file with this content, for parsers that read files. */
function fileWith(input: Buffer): string {
  directory ??= makeDirectory();
  const path = join(directory, "input");
  writeFileSync(path, input);
  return path;
}

const texts =
  (...all: readonly string[]) =>
  async () =>
    all.map((text) => Buffer.from(text));

async function sizeOf(pieces: AsyncIterable<Buffer> | readonly Buffer[]): Promise<number> {
  let size = 0;
  for await (const piece of pieces) size += piece.length;
  return size;
}

async function runTar(input: Buffer): Promise<void> {
  // Pieces of a size that the input gives, so that an input shows the same again.
  const size = 1 + (input.length % 1000);
  const pieces = Array.from({ length: Math.ceil(input.length / size) }, (_, at) =>
    input.subarray(at * size, (at + 1) * size),
  );
  let total = 0;
  for await (const entry of readTar(pieces, "x.tar")) {
    assert.doesNotMatch(`/${entry.path}/`, /\/\.{0,2}\/.|\0/);
    assert.ok(entry.mode >= 0 && entry.mode <= 0o7777);
    for (const id of [entry.uid, entry.gid]) assert.ok(Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1);
    assert.ok(Number.isSafeInteger(entry.mtime));
    if (entry.type === "file") assert.equal(await sizeOf(entry.content), entry.size);
    total += entry.size;
  }
  assert.ok(total <= input.length);
}

async function runDeb(input: Buffer): Promise<void> {
  const deb = openDeb(fileWith(input), "x.deb", openXzDecoder(undefined));
  const { controlFiles } = await readControl(deb, "x.deb");
  for (const { name } of controlFiles) assert.match(name, /^[\w.+-]+$/);
  for await (const entry of readTar(deb.data(), "x.deb")) await sizeOf(entry.content);
}

function runControl(input: Buffer): void {
  const paragraphs = parseParagraphs(input.toString());
  const again = parseParagraphs(paragraphs.map((one) => `${formatParagraph(one)}\n`).join(""));
  assert.deepEqual(again, paragraphs);
}

function runRelations(input: Buffer): void {
  const groups = parseRelations(input.toString(), "amd64");
  assert.deepEqual(parseRelations(groups.map(formatGroup).join(", "), "amd64"), groups);
}

/** An order: of each three, with themselves and each other. */
function runVersions(input: Buffer): void {
  const versions = input.toString("latin1").split("\n").slice(0, 3);
  const order = (a: string, b: string) => Math.sign(compareVersions(a, b));
  for (const a of versions) {
    assert.equal(order(a, a), 0);
    for (const b of versions) {
      assert.equal(order(a, b) + order(b, a), 0);
      for (const c of versions)
        if (order(a, b) <= 0 && order(b, c) <= 0) assert.ok(order(a, c) <= 0, `${a} ${b} ${c}`);
    }
  }
}

function runIndex(input: Buffer): void {
  const index = openIndex([sourceOf(input)], "amd64");
  for (const name of index.names()) {
    assert.match(name, /^[A-Za-z0-9][A-Za-z0-9+.-]*$/);
    const found = index.get(name);
    if (found) assert.match(found.sha256, /^[0-9a-f]{64}$/);
  }
  for (const { start, end } of findStanzas(input)) assert.ok(start < end && end <= input.length);
}

async function runXz(input: Buffer): Promise<void> {
  const slice = { path: fileWith(input), start: 0, size: input.length };
  const size = xzContentSize(slice);
  assert.ok(Number.isSafeInteger(size) && size >= 0);
  assert.equal(await sizeOf(openXzDecoder(undefined).stream(slice)), size);
}

function runLock(input: Buffer): void {
  const lock = parseLock(input.toString());
  const text = formatLock(lock);
  assert.equal(formatLock(parseLock(text)), text);
}

function runTriggers(input: Buffer): void {
  const [first = "", ...files] = input.toString().split("\0");
  const directives = parseTriggers(first);
  const interests = directives.map(({ trigger }) => ({ trigger, package: "a" }));
  const activated = activatedTriggers(directives, interests, files);
  assert.deepEqual(activated, [...new Set(activated)].sort());
}

const compress = (text: string | Buffer) =>
  new Promise<Buffer>((resolve) => lzma.compress(Buffer.from(text), {}, resolve));

const FILES = [
  { path: "d", type: "directory", mode: 0o1777 },
  { path: "d/f", content: "text", mode: 0o4755, uid: 12 },
  { path: "h", type: "hardlink", target: "./d/f" },
  { path: "s", type: "symlink", target: "/etc/../x" },
  { path: `${"long/".repeat(30)}name`, content: "x", xattrs: { "user.a": "v" } },
] as const;

/** All of them. */
export const TARGETS: readonly Target[] = [
  {
    name: "deb",
    seeds: () =>
      Promise.all(
        (["none", "xz", "gz", "zst"] as const).map((compression) =>
          buildDeb({ name: "a", files: FILES.slice(0, 3), control: { conffiles: "/d/f\n" }, compression }),
        ),
      ),
    words: [
      "!<arch>\n",
      "`\n",
      "debian-binary   ",
      "control.tar.xz  ",
      "data.tar.zst    ",
      "data.tar/",
      "2.0\n",
      "9999999999",
    ],
    run: runDeb,
  },
  {
    name: "tar",
    seeds: async () => [
      buildTar(FILES),
      buildTar([{ path: "large", content: "x".repeat(5000) }, { path: "b" }]),
    ],
    words: [
      "\0",
      "ustar\x0000",
      "ustar  \0",
      "././@LongLink",
      "12 path=../a\n",
      "20 GNU.sparse.name=a\n",
      "14 size=99999\n",
      "..",
      "L",
      "K",
      "x",
      "g",
      "7777777",
      "\x80\0\0\0\0\0\0\x01",
    ],
    repair: repairTar,
    run: runTar,
  },
  {
    name: "control",
    seeds: texts(
      "Package: a\nVersion: 1\nDescription: one\n two\n .\n\tthree\n\n# comment\nPackage: b\nStatus: x\n",
      "A:\n b\n c\n\r\nB :c\r\n",
    ),
    words: ["\n\n", "\n ", "\n\t", ":", "#", "\r\n", "\ufeff", "\xa0", "\x85", "\x0b", "\n.\n", "Package: "],
    run: runControl,
  },
  {
    name: "relations",
    seeds: texts(
      "a (>= 1:2-3) | b:any, c [amd64 !i386] <!nocheck>, d:native (<< 2~)",
      "a(=1),b|c,,|,d (> 1)",
    ),
    words: ["(", ")", "[", "]", "<", ">", "|", ",", ":", "!", ">=", "<<", "any", "linux-any", " ", "amd64"],
    run: runRelations,
  },
  {
    name: "version",
    seeds: texts(
      "1:1.0-1\n1.0~rc1-2\n2.0+b1",
      "0:0-0\n00-\n~",
      "1-2-3\n1.10\n1.9a",
      "99999999999999999999:1\n:1\na:1",
    ),
    words: ["\n", ":", "-", "~", "+", "0", "00", "1e9", "18446744073709551616", "0x1", " "],
    run: runVersions,
  },
  {
    name: "index",
    seeds: texts(
      packagesText(
        "a 1; Depends: b (>= 1) | c:any; Provides: v (= 1)",
        "b 2; Multi-Arch: allowed; Provides: v",
      ),
      packagesText(
        "c 1:2~; Essential: yes; Priority: required; Pre-Depends: a",
        "c 3; Conflicts: b; Breaks: v",
      ),
    ),
    words: [
      "\n\n",
      "\n ",
      "Package: ",
      "\nVersion: ",
      "\nDepends: ",
      "\nProvides: ",
      "\nArchitecture: all",
      "\nSize: ",
      ":any",
      "toString",
      "__proto__",
      "\0",
      "\xff",
      "a".repeat(1001),
    ],
    run: runIndex,
  },
  {
    name: "xz",
    seeds: async () => [
      await compress("text"),
      await compress(Buffer.alloc(20_000, "abc")),
      await compress(""),
    ],
    words: ["\xfd7zXZ\0", "YZ", "\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "\x80", "\0\x01"],
    run: runXz,
  },
  {
    name: "lock",
    seeds: texts(...LOCK_SEEDS),
    words: [
      "{",
      "}",
      "[",
      "]",
      ",",
      '"__proto__":',
      '"version":',
      "2",
      "1",
      "3",
      "null",
      "1e400",
      "-0",
      '"',
      "\\u0000",
      "..",
      '"../x"',
      '"packages":',
      "true",
    ],
    run: runLock,
  },
  {
    name: "triggers",
    seeds: texts("interest-noawait /usr/lib\nactivate ldconfig\n# x\n\0/usr/lib/x\0/etc\0/."),
    words: ["interest ", "activate-await ", "interest-noawait ", "/", "\0/", "//", "\n", "\t", "__proto__"],
    run: runTriggers,
  },
];

/** The fault that an input shows, if any. */
export async function faultOf({ run }: Target, input: Buffer): Promise<unknown> {
  try {
    await run(input);
  } catch (error) {
    if (!(error instanceof MicrovmError)) return error;
  }
  return undefined;
}
