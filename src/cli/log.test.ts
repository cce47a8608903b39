import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryDirectory } from "../os/testing/temporary-directory.ts";
import { openLog } from "../store/log.ts";
import { microvm } from "./testing/program.ts";

const HASH = "0123456789abcdefghjkmnpqrstvwxyz";

/** A store with logs of these texts, by name of the store path. */
function storeWith(context: TestContext, logs: Readonly<Record<string, string>>): string {
  const store = join(temporaryDirectory(context), "store");
  for (const [name, text] of Object.entries(logs)) {
    const log = openLog(store, name);
    log.write(Buffer.from(text));
    log.close();
  }
  return store;
}

test("a log is found by its store path, by that's name, and by the name without the hash", async (context) => {
  const store = storeWith(context, { [`${HASH}-base`]: "\x1b[1mSetting up\n" });
  for (const wanted of [`${store}/${HASH}-base`, `${HASH}-base`, "base"]) {
    assert.deepEqual(await microvm(["log", wanted], { env: { MICROVM_STORE: store } }), {
      status: 0,
      stdout: "\x1b[1mSetting up\n",
      stderr: "",
    });
  }
});

test("a log that is not kept is an error that names those that are", async (context) => {
  const store = storeWith(context, { [`${HASH}-base`]: "x" });
  assert.deepEqual(await microvm(["log", "initrd"], { env: { MICROVM_STORE: store } }), {
    status: 1,
    stdout: "",
    stderr: `error: The store "${store}" keeps no log of "initrd"
hint: A build that printed nothing has none; the latest logs are of "base"
`,
  });
  const empty = join(store, "none");
  assert.match(
    (await microvm(["log", "initrd"], { env: { MICROVM_STORE: empty } })).stderr,
    /^hint: No build in it has printed anything so far$/m,
  );
});

test("without a name it is wrong usage", async () => {
  assert.deepEqual(await microvm(["log"]), {
    status: 2,
    stdout: "",
    stderr: 'error: "log" takes one store path or name\nhint: See "microvm log --help"\n',
  });
});
