/**
 * Questions to a guest's agent, from any number of processes at once. The agent's socket takes one client at a time, in
 * the order in which they come; so a connection is kept only for as long as questions follow each other, and not for
 * long then.
 */
import { setTimeout as delay } from "node:timers/promises";
import { MicrovmError } from "../errors.ts";
import { type Connection, isObject, parseAnswer, tryConnect } from "./agent-connection.ts";

/** One process's way to a guest's agent. */
export interface AgentChannel extends Disposable {
  /** Asks the agent one thing and gives what it returns. Errors: `guest-failed`. */
  ask(execute: string, parameters?: object): Promise<unknown>;
  /** The same; undefined when the agent refuses. */
  attempt(execute: string, parameters?: object): Promise<unknown>;
}

/** How long the agent may take for an answer, in milliseconds. */
const ANSWER_TIME = 60_000;

/** How often a wait for the first answer looks at its signal, in milliseconds. */
const LOOK_TIME = 250;

/** Between two attempts to connect, in milliseconds. */
const RETRY_TIME = 20;

/** How long a connection is kept without a question, and how long at most while others may wait for it: milliseconds. */
const IDLE_TIME = 20;
const TURN_TIME = 200;

/** How much of a guest's own words an error shows, in characters. */
const LONGEST_REASON = 500;

/**
 * Opens a channel as soon as the guest's agent answers, which tells that the guest is up. Waits for as long as the
 * signal allows, then throws its reason.
 */
export async function waitForChannel(socketPath: string, signal: AbortSignal): Promise<AgentChannel> {
  for (;;) {
    signal.throwIfAborted();
    const connection = await tryConnect(socketPath);
    if (isOpen(connection) && (await synchronise(connection, signal))) {
      return channelOf(socketPath, connection);
    }
    await delay(RETRY_TIME);
  }
}

/** Connects, once there is room in the line; gives up as `tryConnect` does, or after `ANSWER_TIME`. */
async function connectInLine(socketPath: string): Promise<Connection | "full" | undefined> {
  for (const begun = Date.now(); ; await delay(RETRY_TIME)) {
    const connection = await tryConnect(socketPath);
    if (connection !== "full" || Date.now() - begun > ANSWER_TIME) return connection;
  }
}

const isOpen = (connection: Connection | "full" | undefined) => typeof connection === "object";

/** What answers are, where they are no objects: the handle of an opened file is a bare number. */
const FITS: Readonly<Record<string, (answer: unknown) => boolean>> = {
  "guest-file-open": (answer) => typeof answer === "number",
  "guest-network-get-interfaces": Array.isArray,
};

/** A synchronisation's own number, so that an answer to another process's is not taken for ours. */
const newToken = () => Math.floor(Math.random() * 2 ** 48);

/**
 * Both sides forget what was said before: the marker resets the agent's parser, and an answer with our
 * token says that the agent is there (guest-sync-delimited). Nothing answers before it has started; the
 * question then waits in the port.
 */
async function synchronise(connection: Connection, signal: AbortSignal): Promise<boolean> {
  const token = newToken();
  const question = { execute: "guest-sync-delimited", arguments: { id: token } };
  connection.socket.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(`${JSON.stringify(question)}\n`)]));
  while (!signal.aborted) {
    const line = await connection.nextLine(LOOK_TIME);
    if (line === undefined && connection.socket.destroyed) return false;
    if (line !== undefined && parseAnswer(line)?.return === token) return true;
  }
  connection.socket.destroy();
  return false;
}

function channelOf(socketPath: string, first: Connection): AgentChannel {
  let connection: Connection | undefined = first;
  let since = Date.now();
  let idle: NodeJS.Timeout | undefined;
  /** Questions of this process wait for each other. */
  let last: Promise<unknown> = Promise.resolve();
  const hangUp = () => {
    clearTimeout(idle);
    connection?.socket.destroy();
    connection = undefined;
  };
  const connected = async (execute: string): Promise<Connection> => {
    clearTimeout(idle);
    if (connection && (connection.socket.destroyed || Date.now() - since > TURN_TIME)) hangUp();
    if (connection) return connection;
    const opened = await connectInLine(socketPath);
    if (!isOpen(opened)) throw refused(execute, opened ? silence(undefined, false) : "the VM has ended");
    if (!(await synchronise(opened, AbortSignal.timeout(ANSWER_TIME)))) {
      throw refused(execute, silence(undefined, opened.socket.destroyed));
    }
    since = Date.now();
    connection = opened;
    return opened;
  };
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done
      .catch(() => {})
      .finally(() => {
        idle = setTimeout(hangUp, IDLE_TIME);
      });
    return done;
  };
  const answer = (execute: string, parameters: object) =>
    inTurn(async () => {
      const { socket, nextLine } = await connected(execute);
      socket.write(`${JSON.stringify({ execute, arguments: parameters })}\n`);
      const line = await nextLine(ANSWER_TIME);
      const said = line === undefined ? undefined : parseAnswer(line);
      const fits = FITS[execute] ?? isObject;
      if (said && (fits(said.return) || isObject(said.error))) return said;
      throw refused(execute, silence(line, socket.destroyed));
    });
  return {
    async ask(execute, parameters = {}) {
      const said = await answer(execute, parameters);
      if (isObject(said.error)) throw refused(execute, described(said.error.desc));
      return said.return;
    },
    attempt: async (execute, parameters = {}) => (await answer(execute, parameters)).return,
    [Symbol.dispose]: hangUp,
  };
}

/** Why there is no answer. A line that is none counts as silence. */
function silence(line: string | undefined, isGone: boolean): string {
  return line === undefined && isGone ? "the connection ended" : "it did not answer";
}

function refused(execute: string, reason: string): MicrovmError {
  return new MicrovmError("guest-failed", `The guest's agent cannot do "${execute}": ${reason}`, {
    hint: "See the guest's console for what happened to it",
  });
}

/** The guest's words, as a terminal may show them. */
function described(words: unknown): string {
  return String(words)
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, " ")
    .slice(0, LONGEST_REASON);
}
