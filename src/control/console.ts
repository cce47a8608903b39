/**
 * A guest's console for any number of terminals. The hypervisor's socket takes one client; the first terminal is that
 * one and passes everything on to the others, by a socket beside it. When it leaves, another takes its place.
 */
import { setTimeout as delay } from "node:timers/promises";
import { rmSync } from "../os/files.ts";
import { lockFile } from "../os/locks.ts";
import { connectUnix, listenUnix, type Server, type Socket } from "../os/sockets.ts";

/** Where a console is to be found. */
export interface ConsolePlaces {
  /** The hypervisor's socket. */
  readonly socket: string;
  /** That of the first terminal, and the lock that makes it the first. */
  readonly hub: string;
  readonly lock: string;
}

/** A terminal at the console. */
export interface AttachedConsole {
  /** Sends keys; those that come before the console is reached, or while the first terminal changes, once it is. */
  write(keys: Uint8Array): void;
  /** Resolves once the console is reached, so that nothing which is printed later is missed, or the VM has ended. */
  readonly attached: Promise<void>;
  /** Resolves once the VM has ended. */
  readonly ended: Promise<void>;
}

/** Between two attempts to find a place, in milliseconds. */
const RETRY_TIME = 50;

/** Attempts after which a console that cannot be reached has ended. */
const ATTEMPTS = 10;

/** Keys that are kept until a console is reached, in bytes: more than a person types in that time. */
const MOST_EARLY = 64 * 1024;

/** What a terminal may be behind with, in bytes; one that takes nothing is let go. */
const MOST_BEHIND = 4 * 1024 * 1024;

/** Attaches to a console until the signal is given. `print` takes what the guest prints. */
export function attachConsole(
  places: ConsolePlaces,
  print: (chunk: Buffer) => void,
  signal: AbortSignal,
): AttachedConsole {
  let socket: Socket | undefined;
  let early: Uint8Array[] = [];
  const reached = Promise.withResolvers<void>();
  const write = (keys: Uint8Array) => {
    if (socket) socket.write(keys);
    else if (early.reduce((sum, { length }) => sum + length, keys.length) <= MOST_EARLY) early.push(keys);
  };
  const ended = (async () => {
    for (let failed = 0; failed < ATTEMPTS && !signal.aborted; failed++) {
      const place = await takePlace(places, signal);
      if (place) {
        failed = 0;
        socket = place.socket;
        const keys = early;
        early = [];
        keys.forEach(write);
        reached.resolve();
        await untilClosed(place, print, signal);
        await place.leave();
        socket = undefined;
      }
      if (!signal.aborted) await delay(RETRY_TIME);
    }
  })();
  return { write, attached: Promise.race([reached.promise, ended]), ended };
}

/** What is new in what a console has printed since it was reached, after a text that may end with the beginning of it. */
export function withoutOverlap(earlier: Buffer, printed: Buffer): Buffer {
  for (let length = Math.min(earlier.length, printed.length); length > 0; length--) {
    if (earlier.subarray(-length).equals(printed.subarray(0, length))) return printed.subarray(length);
  }
  return printed;
}

/** A connection that brings the console. */
interface Place {
  readonly socket: Socket;
  /** Takes what it brings, for the others. */
  pass(chunk: Buffer): void;
  leave(): Promise<void>;
}

async function takePlace(places: ConsolePlaces, signal: AbortSignal): Promise<Place | undefined> {
  const other = await tryConnect(places.hub);
  if (other && (await isGreeted(other, signal))) {
    return { socket: other, pass: () => {}, leave: async () => void other.destroy() };
  }
  const lock = await lockFile(places.lock, { wait: false });
  if (!lock) return undefined;
  const socket = await tryConnect(places.socket);
  if (!socket) return void (await lock.release());
  const others = new Set<Socket>();
  // Left behind by one that was killed.
  rmSync(places.hub, { force: true });
  const server = await listenUnix(places.hub, (one) => join(one, others, socket));
  return {
    socket,
    pass: (chunk) => others.forEach((one) => void passOn(one, chunk)),
    async leave() {
      socket.destroy();
      await close(server, others);
      await lock.release();
    },
  };
}

/** The first terminal's first byte to another, which then misses nothing that is printed; no console prints it. */
const GREETING = Buffer.alloc(1);

/** Takes the greeting; false when the first terminal left before, or this one is to leave: the first may have stopped. */
function isGreeted(socket: Socket, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = () => socket.destroy();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    socket.on("error", () => {});
    socket.once("close", () => resolve(false));
    socket.once("readable", () => {
      if (socket.read(GREETING.length) !== null) resolve(true);
    });
  });
}

function join(one: Socket, others: Set<Socket>, console: Socket): void {
  one.write(GREETING);
  others.add(one);
  one.on("data", (keys) => console.write(keys));
  one.on("error", () => {});
  one.on("close", () => others.delete(one));
}

function passOn(one: Socket, chunk: Buffer): void {
  one.write(chunk);
  if (one.writableLength > MOST_BEHIND) one.destroy();
}

async function close(server: Server, others: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const one of others) one.destroySoon();
  await closed;
}

function untilClosed(
  { socket, pass }: Place,
  print: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => socket.destroy();
    signal.addEventListener("abort", stop);
    socket.on("data", (chunk: Buffer) => {
      print(chunk);
      pass(chunk);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    if (signal.aborted) stop();
  });
}

async function tryConnect(path: string): Promise<Socket | undefined> {
  try {
    return await connectUnix(path);
  } catch {
    return undefined;
  }
}
