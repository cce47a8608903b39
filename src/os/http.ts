/** Downloads: `http:`, `https:` and `file:`, retried, with a time limit on silence, hashed while they come. */
import { createHash, type Hash } from "node:crypto";
import { closeSync, createReadStream, openSync, rmSync, writeSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ErrorCode, MicrovmError, messageOf, systemCode } from "../errors.ts";
import { explainFullDisk } from "./files.ts";

/** How a download is done. */
export interface DownloadOptions {
  /** Called as bytes come: how many so far, and of how many when the server says so. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds before the first new try; doubled for each further one. Default 500. */
  readonly retryDelay?: number;
}

/** What a downloaded file must be. */
export interface ExpectedFile {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256?: string;
  /** In bytes. */
  readonly size?: number;
}

/** How often a download is tried when the network or the server fails. */
const TRIES = 3;

/** Milliseconds without a byte after which a connection counts as dead; apt's own limit is the same. */
const SILENCE_LIMIT = 30_000;

/** Mirrors redirect at most once or twice; more is a loop. */
const MAX_REDIRECTS = 5;

// `proxyEnv` makes the agents honour http_proxy, https_proxy and no_proxy.
const agentOptions = { keepAlive: true, maxSockets: 8, proxyEnv: process.env };
const httpAgent = new http.Agent(agentOptions);
const httpsAgent = new https.Agent(agentOptions);

/** A failure that a new try may cure. */
class Passing extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, cause: unknown) {
    super(messageOf(cause), { cause });
    this.code = code;
  }
}

/**
 * The bytes behind a URL. Errors: `mirror-unreachable` (no connection, or it broke), `download-failed` (an
 * answer other than success), `checksum-mismatch` when `expected` is not met.
 */
export function download(
  url: string,
  options: DownloadOptions & { readonly expected?: ExpectedFile } = {},
): Promise<Buffer> {
  return withRetries(url, options, async () => {
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
  return withRetries(url, options, async () => {
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

async function withRetries<T>(url: string, options: DownloadOptions, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (number === TRIES || options.signal?.aborted) throw describeFailure(url, error);
      await sleep((options.retryDelay ?? 500) * 2 ** (number - 1), undefined, { signal: options.signal });
    }
  }
}

function describeFailure(url: string, failure: Passing): MicrovmError {
  if (failure.code === "download-failed") {
    return new MicrovmError("download-failed", `Cannot download "${url}": ${failure.message}`, {
      hint: "Try again later, or use another mirror",
      cause: failure.cause,
    });
  }
  return new MicrovmError("mirror-unreachable", `Cannot reach "${url}": ${failure.message}`, {
    hint: "Check the network and the address of the mirror",
    cause: failure.cause,
  });
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
      hash?.update(chunk);
      take(chunk);
      options.onProgress?.(received, total ?? expected.size);
    }
  } catch (error) {
    if (error instanceof MicrovmError || options.signal?.aborted) throw error;
    throw new Passing("mirror-unreachable", error);
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
    throw new MicrovmError(
      "checksum-mismatch",
      `Wrong size of "${url}": expected ${expected.size} bytes, found ${found}`,
      { hint },
    );
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

interface Answer {
  readonly stream: Readable;
  /** Length that the server announced, in bytes. */
  readonly total: number | undefined;
}

async function open(url: string, options: DownloadOptions): Promise<Answer> {
  let target = new URL(url);
  if (target.protocol === "file:") return openFile(url, target);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const answer = await request(target, options);
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400 && answer.headers.location) {
      answer.resume();
      target = new URL(answer.headers.location, target);
      continue;
    }
    if (status !== 200) {
      answer.resume();
      throw refused(url, status);
    }
    const length = Number(answer.headers["content-length"]);
    return { stream: answer, total: Number.isSafeInteger(length) ? length : undefined };
  }
  throw new MicrovmError(
    "download-failed",
    `Cannot download "${url}": it redirects more than ${MAX_REDIRECTS} times`,
  );
}

function refused(url: string, status: number): Error {
  const said = `the server answered ${status} ${http.STATUS_CODES[status] ?? ""}`.trimEnd();
  if (status >= 500 || status === 429 || status === 408) return new Passing("download-failed", said);
  return new MicrovmError("download-failed", `Cannot download "${url}": ${said}`, {
    hint:
      status === 404
        ? "Check that the mirror has it: it may have been removed or never been there"
        : "Check the address of the mirror",
  });
}

function request(target: URL, options: DownloadOptions): Promise<http.IncomingMessage> {
  const secure = target.protocol === "https:";
  if (!secure && target.protocol !== "http:") {
    throw new MicrovmError(
      "download-failed",
      `Cannot download "${target}": its scheme is none of http, https, file`,
    );
  }
  return new Promise((resolve, reject) => {
    const agent = secure ? httpsAgent : httpAgent;
    const headers = { "user-agent": "microvm", "accept-encoding": "identity" };
    const sent = (secure ? https : http).get(
      target,
      { agent, headers, ...(options.signal && { signal: options.signal }) },
      resolve,
    );
    sent.setTimeout(SILENCE_LIMIT, () =>
      sent.destroy(new Error(`no data for ${SILENCE_LIMIT / 1000} seconds`)),
    );
    sent.on("error", (error) =>
      reject(options.signal?.aborted ? error : new Passing("mirror-unreachable", error)),
    );
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
