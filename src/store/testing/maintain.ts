/** Verifies or collects a store (`maintain.ts verify|gc STORE`); prints what came of it, or the error's code and message. */
import { MicrovmError } from "../../errors.ts";
import { collectGarbage } from "../collect.ts";
import { presentNames } from "../names.ts";
import { verifyPaths } from "../verify.ts";

const [what, store] = process.argv.slice(2) as [string, string];
try {
  if (what === "gc") {
    console.log(`removed ${(await collectGarbage(store, { links: [], keepInputs: true })).removed.length}`);
  } else {
    const verdicts = await verifyPaths(store, presentNames(store));
    console.log(verdicts.map(({ status }) => status).join(" "));
  }
} catch (error) {
  if (!(error instanceof MicrovmError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
