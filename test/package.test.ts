/** What `npm pack` makes: installed in an empty directory it evaluates and builds a project. */
import assert from "node:assert/strict";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { run, runToEnd } from "../src/os/processes.ts";
import { environment, exampleCopy, ROOT, temporaryDirectory } from "./support.ts";

test("the packed program works after npm install in an empty directory", async () => {
  const directory = temporaryDirectory();
  const packed = await run(["npm", "pack", "--silent", "--pack-destination", directory], { cwd: ROOT });
  const archive = packed.toString().trim().split("\n").at(-1)!;
  writeFileSync(join(directory, "package.json"), '{ "private": true }\n');
  await run(["npm", "install", "--silent", "--no-audit", "--no-fund", join(directory, archive)], {
    cwd: directory,
  });
  const program = join(directory, "node_modules/.bin/microvm");
  assert.ok(!existsSync(join(directory, "node_modules/microvm/src")));
  const env = environment({ PATH: `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env.PATH}` });

  const version = await run([program, "--version"], { env });
  assert.match(version.toString(), /^microvm \d+\.\d+\.\d+\n$/);
  const example = join(directory, "example");
  cpSync(exampleCopy(), example, { recursive: true });
  const evaluated = await run([program, "eval", `${example}#my-microvm`, "--json"], { env });
  assert.equal(JSON.parse(evaluated.toString()).config.networking.domain, "example.org");
  const { code, stderr } = await runToEnd([program, "build", `${example}#my-microvm`], { env });
  assert.equal(code, 0, stderr.toString());
  // Its declarations are those of the sources.
  writeFileSync(
    join(directory, "use.mts"),
    'import { debian } from "microvm";\nexport const set: string = debian({ suite: "trixie", architecture: "amd64" }).suite;\n',
  );
  await run(
    [
      join(ROOT, "node_modules/.bin/tsc"),
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--target",
      "es2024",
      "--skipLibCheck",
      "use.mts",
    ],
    { cwd: directory },
  );
});
