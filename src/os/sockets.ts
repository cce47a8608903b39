/** Unix sockets. */
import { closeSync, constants, openSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { basename, dirname } from "node:path";
import { systemCode } from "../errors.ts";

export type { Server, Socket } from "node:net";

/**
 * A connection to a listening Unix socket. The kernel takes addresses of at most 107 bytes (unix(7)), so that the
 * directory is opened and the socket reached through it, however deep it lies. Error `EAGAIN`: the line of those who wait
 * for the listener is full.
 */
export function connectUnix(path: string): Promise<Socket> {
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return new Promise<Socket>((resolve, reject) => {
    const socket = createConnection(`/proc/self/fd/${directory}/${basename(path)}`);
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  }).finally(() => closeSync(directory));
}

/** Whether somebody listens on a Unix socket, however many wait there already. */
export async function canConnect(path: string): Promise<boolean> {
  try {
    (await connectUnix(path)).destroy();
    return true;
  } catch (error) {
    return systemCode(error) === "EAGAIN";
  }
}

/** Listens on a Unix socket that only this user may use. Closing the server removes it. */
export function listenUnix(path: string, connected: (socket: Socket) => void): Promise<Server> {
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  const server = createServer(connected);
  // Its path leads through the directory for as long as there is something to remove.
  server.once("close", () => closeSync(directory));
  return new Promise((resolve, reject) => {
    const before = process.umask(0o177);
    server.once("error", reject);
    server.listen(`/proc/self/fd/${directory}/${basename(path)}`, () => resolve(server));
    process.umask(before);
  });
}
