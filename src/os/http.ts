/** Downloads: `http:`, `https:` and `file:`, retried, with a time limit on silence, hashed while they come. */
import { createHash, type Hash } from "node:crypto";
import { closeSync, createReadStream, openSync, rmSync, writeSync } from "node:fs";
import type http from "node:http";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { explainFullDisk } from "./files.ts";

/** How a download is done. */
export interface DownloadOptions {
  /** Called as bytes come: how many so far, and of how many when the server says so. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds before the first new try; doubled for each further one. Default 500. */
  readonly retryDelay?: number;
  /** Milliseconds without a byte after which a connection counts as dead. Default 30 000, apt's own limit. */
  readonly silenceLimit?: number;
}

/** What a downloaded file must be. */
export interface ExpectedFile {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256?: string;
  /** In bytes. */
  readonly size?: number;
  /** Bytes that it may have at most, where the exact size is not known. */
  readonly maxSize?: number;
}

/** How often a download is tried when the network or the server fails. */
const TRIES = 3;

const SILENCE_LIMIT = 30_000;

/** Mirrors redirect at most once or twice; more is a loop. */
const MAX_REDIRECTS = 5;

/** What speaks a scheme. Loaded when it is needed, and not by `import`, which loads all that Node has for browsers' code with it. */
type Client = Pick<typeof http, "get"> & { readonly agent: http.Agent };

const clients = new Map<string, Client>();

function clientOf(protocol: "http:" | "https:"): Client {
  const known = clients.get(protocol);
  if (known) return known;
  const { Agent, get } = process.getBuiltinModule(protocol === "https:" ? "node:https" : "node:http");
  // `proxyEnv` makes the agents honour http_proxy, https_proxy and no_proxy.
  const client = { get, agent: new Agent({ keepAlive: true, maxSockets: 8, proxyEnv: process.env }) };
  clients.set(protocol, client);
  return client;
}

/** A failure that a new try may cure; `final` is what is thrown when it does not. */
class Passing extends Error {
  readonly final: MicrovmError;
  constructor(final: MicrovmError) {
    super(final.message, { cause: final });
    this.final = final;
  }
}

/**
 * The bytes behind a URL. What a new try may cure is tried three times: broken and silent connections, answers
 * that are too short, busy servers. Errors: `mirror-unreachable` (no connection, or it broke), `download-failed` (an
 * answer other than success, a redirect in a loop or to another scheme, more than `maxSize` bytes),
 * `checksum-mismatch` when `expected` is not met.
 */
export function download(
  url: string,
  options: DownloadOptions & { readonly expected?: ExpectedFile } = {},
): Promise<Buffer> {
  return withRetries(options, async () => {
    const chunks: Buffer[] = [];
    await receive(url, options, options.expected ?? {}, (chunk) => void chunks.push(chunk));
    return Buffer.concat(chunks);
  });
}

/**
 * Downloads into a file, which is created or replaced; it is removed again on
 * failure. Errors as for `download`.
 */
export function downloadToFile(
  url: string,
  path: string,
  options: DownloadOptions & ExpectedFile = {},
): Promise<void> {
  return withRetries(options, async () => {
    const file = openSync(path, "w", 0o644);
    let complete = false;
    try {
      await receive(url, options, options, (chunk) => writeWhole(file, chunk, path));
      complete = true;
    } finally {
      closeSync(file);
      if (!complete) rmSync(path, { force: true });
    }
  });
}

async function withRetries<T>(options: DownloadOptions, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (number === TRIES || options.signal?.aborted) throw error.final;
      await sleep((options.retryDelay ?? 500) * 2 ** (number - 1), undefined, { signal: options.signal });
    }
  }
}

function unreachable(url: string, cause: unknown): Passing {
  return new Passing(
    new MicrovmError("mirror-unreachable", `Cannot reach "${url}": ${messageOf(cause)}`, {
      hint: "Check the network and the address of the mirror",
      cause,
    }),
  );
}

function failed(url: string, why: string, hint: string): MicrovmError {
  return new MicrovmError("download-failed", `Cannot download "${url}": ${why}`, { hint });
}

/** Streams one answer into `take`, checking it at the end. */
async function receive(
  url: string,
  options: DownloadOptions,
  expected: ExpectedFile,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const { stream, total } = await open(url, options);
  const hash = expected.sha256 === undefined ? undefined : createHash("sha256");
  let received = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (expected.size !== undefined && received > expected.size) break;
      if (expected.maxSize !== undefined && received > expected.maxSize)
        throw tooLarge(url, expected.maxSize);
      hash?.update(chunk);
      take(chunk);
      options.onProgress?.(received, total ?? expected.size);
    }
  } catch (error) {
    if (error instanceof MicrovmError || options.signal?.aborted) throw error;
    throw unreachable(url, error);
  } finally {
    stream.destroy();
  }
  checkReceived(url, expected, received, hash);
}

function checkReceived(url: string, expected: ExpectedFile, received: number, hash: Hash | undefined): void {
  const hint =
    "The mirror may be in the middle of an update, or a proxy changes what it passes: try again later";
  if (expected.size !== undefined && received !== expected.size) {
    const found = received > expected.size ? "more" : `${received}`;
    const message = `Wrong size of "${url}": expected ${expected.size} bytes, found ${found}`;
    const error = new MicrovmError("checksum-mismatch", message, { hint });
    // A connection that was cut where the server says no length looks like a short file.
    throw received < expected.size && url.startsWith("http") ? new Passing(error) : error;
  }
  const digest = hash?.digest("hex");
  if (digest !== undefined && digest !== expected.sha256) {
    throw new MicrovmError(
      "checksum-mismatch",
      `Wrong checksum of "${url}": expected ${expected.sha256}, found ${digest}`,
      { hint },
    );
  }
}

function tooLarge(url: string, limit: number): MicrovmError {
  return failed(url, `it has more than ${limit} bytes, which nothing of its kind has`, "Use another mirror");
}

interface Answer {
  readonly stream: Readable;
  /** Length that the server announced, in bytes. */
  readonly total: number | undefined;
}

async function open(url: string, options: DownloadOptions): Promise<Answer> {
  let target = new URL(url);
  if (target.protocol === "file:") return openFile(url, target);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const answer = await request(url, target, options);
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400 && answer.headers.location) {
      answer.resume();
      target = redirected(url, target, answer.headers.location);
      continue;
    }
    if (status !== 200) {
      answer.resume();
      throw refused(url, status);
    }
    const length = Number(answer.headers["content-length"]);
    return { stream: answer, total: Number.isSafeInteger(length) ? length : undefined };
  }
  throw failed(url, `it redirects more than ${MAX_REDIRECTS} times`, "Use another mirror");
}

/** A server may lead to other servers, not to files of this machine, nor out of a protected connection. */
function redirected(url: string, from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isProtected = from.protocol === "https:";
  if (to && (to.protocol === "https:" || (to.protocol === "http:" && !isProtected))) return to;
  const hint = "Use another mirror, or the address that it redirects to";
  const expected = isProtected ? "https" : "http or https";
  throw failed(url, `it redirects to "${to?.href ?? location}", which is no ${expected} address`, hint);
}

function refused(url: string, status: number): Error {
  const said =
    `the server answered ${status} ${process.getBuiltinModule("node:http").STATUS_CODES[status] ?? ""}`.trimEnd();
  if (status >= 500 || status === 429 || status === 408) {
    return new Passing(failed(url, said, "Try again later, or use another mirror"));
  }
  const isGone = status === 404 || status === 410;
  return failed(
    url,
    said,
    isGone
      ? "Check that the mirror has it: it may have been removed or never been there"
      : "Check the address of the mirror",
  );
}

function request(url: string, target: URL, options: DownloadOptions): Promise<http.IncomingMessage> {
  const { protocol } = target;
  if (protocol !== "https:" && protocol !== "http:") {
    throw failed(url, "its scheme is none of http, https, file", "Check the address of the mirror");
  }
  const limit = options.silenceLimit ?? SILENCE_LIMIT;
  return new Promise((resolve, reject) => {
    const { get, agent } = clientOf(protocol);
    const headers = { "user-agent": "microvm", "accept-encoding": "identity" };
    const sent = get(target, { agent, headers, ...(options.signal && { signal: options.signal }) }, resolve);
    let answer: http.IncomingMessage | undefined;
    sent.once("response", (response) => {
      answer = response;
    });
    // Who reads the answer is told why it ended, else who waits for it.
    sent.setTimeout(limit, () => (answer ?? sent).destroy(new Error(`no data for ${limit / 1000} seconds`)));
    sent.on("error", (error) => reject(options.signal?.aborted ? error : unreachable(url, error)));
  });
}

function openFile(url: string, target: URL): Promise<Answer> {
  const stream = createReadStream(fileURLToPath(target), { highWaterMark: 1 << 20 });
  return new Promise((resolve, reject) => {
    stream.once("open", () => resolve({ stream, total: undefined }));
    stream.once("error", (error) => {
      const why = systemCode(error) === "ENOENT" ? "there is no such file" : messageOf(error);
      reject(new MicrovmError("download-failed", `Cannot download "${url}": ${why}`, { cause: error }));
    });
  });
}

function writeWhole(file: number, chunk: Buffer, path: string): void {
  try {
    for (let written = 0; written < chunk.length; ) {
      written += writeSync(file, chunk, written, chunk.length - written);
    }
  } catch (error) {
    throw explainFullDisk(error, path);
  }
}
