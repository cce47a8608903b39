import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { quoteCommand } from "../os/processes.ts";
import { missing } from "../os/testing/programs.ts";
import { agreed } from "./agreed.ts";

const PROGRAM = `
  import { agreed } from ${JSON.stringify(new URL("agreed.ts", import.meta.url).href)};
  const yes = await agreed("Go on?", new AbortController().signal);
  console.log(yes ? "goes on" : "stays");
`;
const COMMAND = [process.execPath, "--input-type=module", "--eval", PROGRAM];

/** What a terminal shows when these keys are typed on it. */
function screen(keys: string): string {
  const { stdout } = spawnSync(
    "script",
    ["--quiet", "--return", "--command", quoteCommand(COMMAND), "/dev/null"],
    {
      input: keys,
      encoding: "utf8",
      env: { ...process.env, SHELL: "/bin/sh", TERM: "dumb" },
      timeout: 20_000,
    },
  );
  return stdout;
}

test("on a terminal only yes is yes", { skip: missing("script") }, () => {
  for (const yes of ["y", " YES "]) assert.match(screen(`${yes}\n`), /Go on\? \[y\/N\][\s\S]*goes on/, yes);
  for (const no of ["", "yesterday"]) assert.match(screen(`${no}\n`), /Go on\? \[y\/N\][\s\S]*stays/, no);
});

test("without one nobody is asked", async (t) => {
  if (process.stdin.isTTY && process.stderr.isTTY) return t.skip("this is a terminal");
  assert.equal(await agreed("Go on?", AbortSignal.abort()), true);
});
