/** A guest's agent as tests want it, on a Unix socket. */
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "../../os/testing/temporary-directory.ts";

/** A question of the host. */
export interface Question {
  readonly execute: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at
  readonly arguments: any;
}

/** Answers a question: what is returned becomes the line; undefined is no answer. */
export type Answer = (question: Question, socket: Socket) => unknown;

/**
 * Listens at the path that it gives. Synchronisation is answered as QEMU's agent does, unless it is `silent`,
 * everything else by `answer`; `stale` is in the socket before. `oneAtATime`: a client waits until the last one has gone.
 */
export async function fakeAgent(
  test: TestContext,
  answer: Answer,
  {
    stale = "",
    silent = false,
    oneAtATime = false,
    path = join(temporaryDirectory(test), "agent.sock"),
  } = {},
): Promise<{ readonly path: string; readonly questions: Question[] }> {
  const questions: Question[] = [];
  const sockets = new Set<Socket>();
  let before: Promise<unknown> = Promise.resolve();
  const server = createServer(async (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    if (oneAtATime) {
      const turn = before;
      before = new Promise((resolve) => socket.once("close", resolve));
      await turn;
    }
    socket.write(stale);
    const lines = createInterface({ input: socket });
    lines.on("error", () => {});
    lines.on("line", (line) => {
      if (silent) return;
      // The marker is no UTF-8.
      const question = JSON.parse(line.replace(/^\ufffd/, "")) as Question;
      questions.push(question);
      if (question.execute === "guest-sync-delimited") {
        socket.write(Buffer.from([0xff]));
        socket.write(`${JSON.stringify({ return: question.arguments.id })}\n`);
        return;
      }
      const said = answer(question, socket);
      if (said !== undefined) socket.write(`${typeof said === "string" ? said : JSON.stringify(said)}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { path, questions };
}

/** What a command that is run by `ran` does. */
interface Ran {
  /** Pieces of each output; one more is there each time that the command is looked at. */
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
  /** How often it still runs when it is looked at. */
  readonly looks?: number;
  /** The rest of the agent's answer once it has ended. */
  readonly status?: object;
}

/** An agent that runs every command in this way. What the command is given is put into `input`, line by line. */
export function ran({
  stdout = [],
  stderr = [],
  looks = 0,
  status = { exitcode: 0 },
  input = [],
}: Ran & { readonly input?: string[] }): Answer {
  const files = new Map<number, string[]>();
  let written = "";
  let left = looks;
  const cannot = { error: { class: "GenericError", desc: "No such file or directory" } };
  return ({ execute, arguments: { path, handle, "buf-b64": text } }) => {
    switch (execute) {
      case "guest-file-open": {
        const opened = 1000 + files.size;
        if (/\.(out|err)\.0$/.test(path)) files.set(opened, [...(path.endsWith("out.0") ? stdout : stderr)]);
        else if (/\.(ack|in|in\.\d+)$/.test(path)) files.set(opened, []);
        else return cannot;
        return { return: opened };
      }
      case "guest-file-read": {
        const bytes = Buffer.from(files.get(handle)?.shift() ?? "");
        return { return: { count: bytes.length, "buf-b64": bytes.toString("base64"), eof: true } };
      }
      case "guest-file-write":
        written = Buffer.from(text, "base64").toString();
        return { return: { count: Buffer.from(text, "base64").length, eof: false } };
      case "guest-file-flush":
        input.push(written.trimEnd());
        // The file of what is done was opened before that of the lines.
        files.get(handle - 1)?.push("\n");
        return { return: {} };
      case "guest-exec":
        return { return: { pid: 7 } };
      case "guest-exec-status":
        return { return: left-- > 0 ? { exited: false } : { exited: true, ...status } };
      default:
        return { return: {} };
    }
  };
}
