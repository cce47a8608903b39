#!/usr/bin/env node
// Starts the program. Kept to what any Node understands, so that one too old gets a sentence, not a stack trace.
// Node's own modules are not imported: that makes a module of each export, used or not, which takes longer than all here.

if (Number(process.versions.node.split(".")[0]) < 24) {
  process.stderr.write(
    `microvm: Node ${process.versions.node} is too old: install Node 24 or newer and run the command again\n`,
  );
  process.exitCode = 1;
} else {
  const { existsSync, statSync } = process.getBuiltinModule("node:fs");
  keepCompiled(existsSync, statSync);
  // A checkout runs from its sources; an installed package from what was built of them.
  const source = new URL("../src/cli/main.ts", import.meta.url);
  const { main } = await import(
    existsSync(source) ? source.href : new URL("../dist/cli/main.js", import.meta.url).href
  );
  process.exitCode = await main(process.argv.slice(2));
}

// Compiled code is kept for the next start, which then takes a third of the time. Only below a home that is this
// user's own: whoever can write there decides what is run.
function keepCompiled(existsSync, statSync) {
  const home = process.env.HOME;
  if (!home || !existsSync(home) || statSync(home).uid !== process.getuid()) return;
  process
    .getBuiltinModule("node:module")
    .enableCompileCache(`${process.env.XDG_CACHE_HOME || `${home}/.cache`}/microvm/node`);
}
