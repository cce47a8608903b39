/** Lines of JSON over a socket to a guest's agent. What the guest sends is bounded, and taken for no more than it is. */
import { systemCode } from "../errors.ts";
import { connectUnix, type Socket } from "../os/sockets.ts";

/** The most that is kept of what the guest sends, in bytes: a piece of output in base 64, and ample room. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

/** How many lines are kept: the agent sends one for each question, so that many more are a fault of the guest. */
const MOST_LINES = 1000;

/** A socket whose lines are read. */
export interface Connection {
  readonly socket: Socket;
  /** The next line, or undefined when it does not come in time or the connection ends. */
  nextLine(milliseconds: number): Promise<string | undefined>;
}

/** A connection to a listening socket; `"full"` while it lets nobody else wait in line, undefined while nobody listens. */
export async function tryConnect(socketPath: string): Promise<Connection | "full" | undefined> {
  try {
    return readLines(await connectUnix(socketPath));
  } catch (error) {
    return systemCode(error) === "EAGAIN" ? "full" : undefined;
  }
}

/** An answer as an object; undefined when the line is none. */
export function parseAnswer(line: string): Record<string, unknown> | undefined {
  try {
    const answer: unknown = JSON.parse(line);
    return isObject(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object with fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readLines(socket: Socket): Connection {
  const lines: { readonly text: string; readonly size: number }[] = [];
  let pieces: Buffer[] = [];
  /** Of everything that was not read yet, in bytes. */
  let length = 0;
  let wake = () => {};
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const line = Buffer.concat([...pieces, rest.subarray(0, end)]);
      // The marker that answers a synchronisation.
      lines.push({ text: line.subarray(line.lastIndexOf(0xff) + 1).toString(), size: line.length + 1 });
      pieces = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) pieces.push(rest);
    length += chunk.length;
    if (length > LONGEST_ANSWER || lines.length > MOST_LINES) {
      lines.length = 0;
      pieces = [];
      socket.destroy();
    }
    wake();
  });
  socket.on("error", () => {});
  socket.on("close", () => wake());
  return {
    socket,
    async nextLine(milliseconds) {
      const deadline = Date.now() + milliseconds;
      while (lines.length === 0 && !socket.destroyed && Date.now() < deadline) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadline - Date.now());
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const line = lines.shift();
      if (line) length -= line.size;
      return line?.text;
    },
  };
}
