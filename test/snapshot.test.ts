/** The evaluating child from a snapshot of its memory: what it answers, and what it may not, is the same as without. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run, runToEnd } from "../src/os/processes.ts";
import { makeProgram } from "../tools/bundle.ts";
import { environment, temporaryDirectory } from "./support.ts";

const VM = 'pkgs: debian({ suite: "trixie", architecture: "amd64" })';

/** Project files, by what they try. */
const PROJECTS = {
  fine: `import { debian } from "microvm"; import other from "./other.ts";
    export default { microvms: { x: { ${VM}, config: { imports: [other, "./third.ts"] } } } };`,
  "types are left out": `import { debian, type Project } from "microvm";
    export default { microvms: { x: { ${VM}, config: { microvm: { mem: 300 as number } } } } } satisfies Project;`,
  "reads a file": 'import { readFileSync } from "node:fs"; readFileSync("/etc/passwd"); export default {};',
  "imports a file": 'import "/etc/passwd"; export default {};',
  "writes a file": 'import fs from "node:fs"; fs.writeFileSync(import.meta.filename, ""); export default {};',
  "starts a program": 'import { spawnSync } from "node:child_process"; spawnSync("true"); export default {};',
  "starts a thread":
    'import { Worker } from "node:worker_threads"; new Worker("", { eval: true }); export default {};',
  "loads native code": 'process.dlopen({ exports: {} }, "/lib/x.node"); export default {};',
  "looks for a network":
    'import { networkInterfaces } from "node:os"; throw new Error(JSON.stringify(networkInterfaces()));',
  "knows the caller's environment": "throw new Error(JSON.stringify(process.env));",
  "has a fault": `import { debian } from "microvm";
    export default { microvms: { x: { ${VM}, config: { microvm: { mem: "much", vpcu: 1 } } } } };`,
  "throws in a module": `import { debian } from "microvm";
    export default { microvms: { x: { ${VM}, config: () => { throw new Error("thrown"); } } } };`,
  "waits for a promise": "await 1; export default {};",
  "is no JavaScript": "export default {",
  "ends the process": "process.exit(0);",
};

test("a child from a snapshot answers as one from its files, and may no more", async (t) => {
  const directory = temporaryDirectory();
  const program = await makeProgram(join(directory, "program"));
  const parts = join(directory, "program/dist/config");
  const snapshots = () => readdirSync(parts).filter((name) => name.endsWith(".blob"));
  assert.equal(snapshots().length, 1);
  const env = environment({ MICROVM_EVAL_CACHE: "0", SECRET: "of the caller" });
  const project = join(directory, "project");
  mkdirSync(project);
  writeFileSync(join(project, "other.ts"), 'export default { networking: { domain: "example.org" } };');
  writeFileSync(join(project, "third.ts"), "export default { microvm: { vcpu: 3 } };");
  const evaluate = async (text: string) => {
    writeFileSync(join(project, "microvm.config.ts"), text);
    const { code, stdout, stderr } = await runToEnd([process.execPath, program, "eval", project, "--json"], {
      env,
    });
    return { code, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  const evaluateAll = async () => {
    const answers: Record<string, Awaited<ReturnType<typeof evaluate>>> = {};
    for (const [what, text] of Object.entries(PROJECTS)) answers[what] = await evaluate(text);
    return answers;
  };
  const fromSnapshot = await evaluateAll();
  const [snapshot] = snapshots();
  // Another Node's, by its name.
  renameSync(join(parts, snapshot!), join(parts, "child-0000000000000000.blob"));
  const fromFiles = await evaluateAll();
  for (const [what, answer] of Object.entries(fromFiles)) {
    await t.test(what, () => assert.deepEqual(fromSnapshot[what], answer));
  }
  assert.equal(JSON.parse(fromSnapshot.fine!.stdout).config.microvm.vcpu, 3);
  assert.equal(JSON.parse(fromSnapshot["types are left out"]!.stdout).config.microvm.mem, 300);
  for (const what of [
    "reads a file",
    "imports a file",
    "writes a file",
    "starts a program",
    "starts a thread",
  ]) {
    assert.match(fromSnapshot[what]!.stderr, /which a project file may not/, what);
  }
  assert.match(fromSnapshot["loads native code"]!.stderr, /tried to load native code/);
  assert.doesNotMatch(fromSnapshot["knows the caller's environment"]!.stderr, /of the caller/);
  await run([process.execPath, join(directory, "program/bin/postinstall.js")]);
  assert.deepEqual(snapshots(), [snapshot]);
});
