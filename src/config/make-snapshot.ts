/** The program that is run when the package has been installed: evaluations start faster from then on. */
import { messageOf } from "../errors.ts";
import { makeChildSnapshot } from "./snapshot.ts";

try {
  await makeChildSnapshot();
} catch (error) {
  process.stderr.write(`microvm: evaluations will start slower: ${messageOf(error)}\n`);
}
