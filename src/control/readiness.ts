/** How far a guest is: the stages that it tells on a port of its own. */
import { setTimeout as delay } from "node:timers/promises";
import { connectUnix, type Socket } from "../os/sockets.ts";

/** What is read of a guest's stages at most, in bytes. */
const MOST_WORDS = 4096;

/** Stages that every guest may tell, beside the name of the unit that is waited for. */
const STAGES = ["basic", "agent", "network", "multi-user"];

/** Between two attempts to connect, in milliseconds. */
const RETRY_TIME = 20;

/** Calls back with each stage that is known, or is `wanted`, once, until the signal is given. */
export async function followStages(
  socketPath: string,
  wanted: string,
  reached: (stage: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const socket = await connectSoon(socketPath, signal);
  if (!socket) return;
  signal.addEventListener("abort", () => socket.destroy());
  const told = new Set<string>();
  let words = "";
  socket.on("data", (chunk: Buffer) => {
    words += chunk.toString("latin1");
    for (const stage of words.split("\n").slice(0, -1)) {
      if (told.has(stage) || !(stage === wanted || STAGES.includes(stage))) continue;
      told.add(stage);
      reached(stage);
    }
    if (words.length > MOST_WORDS) socket.destroy();
  });
  socket.on("error", () => {});
}

async function connectSoon(socketPath: string, signal: AbortSignal): Promise<Socket | undefined> {
  while (!signal.aborted) {
    try {
      return await connectUnix(socketPath);
    } catch {
      await delay(RETRY_TIME);
    }
  }
  return undefined;
}
