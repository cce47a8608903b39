#!/usr/bin/env node
// Starts the program. Kept to what any Node understands, so that one too old gets a sentence, not a stack trace.
import { existsSync } from "node:fs";

if (Number(process.versions.node.split(".")[0]) < 24) {
  process.stderr.write(
    `microvm: Node ${process.versions.node} is too old: install Node 24 or newer and run the command again\n`,
  );
  process.exitCode = 1;
} else {
  // A checkout runs from its sources; an installed package from what was built of them.
  const source = new URL("../src/cli/main.ts", import.meta.url);
  const { main } = await import(
    existsSync(source) ? source.href : new URL("../dist/cli/main.js", import.meta.url).href
  );
  process.exitCode = await main(process.argv.slice(2));
}
