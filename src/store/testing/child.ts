/** Realises one recipe (`child.ts STORE RECIPE-AS-JSON`); prints the path, or the error's code and message. */
import { MicrovmError } from "../../errors.ts";
import { openStore } from "../store.ts";
import { builders } from "./recipes.ts";

const [directory, recipe] = process.argv.slice(2) as [string, string];
try {
  console.log(await openStore(directory).realise(JSON.parse(recipe), { builders }));
} catch (error) {
  if (!(error instanceof MicrovmError)) throw error;
  console.log(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
