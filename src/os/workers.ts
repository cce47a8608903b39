/** Threads of this program, for work that would block it: decompressing, and many small system calls. */
export { availableParallelism } from "node:os";
export { parentPort, Worker } from "node:worker_threads";
