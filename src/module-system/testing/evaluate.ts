/** What the tests of the module system share. */
import { evalModules, toPlain } from "../evaluate.ts";
import { withFile } from "../located.ts";

/** A module as a test writes it: anything at all. */
// biome-ignore lint/suspicious/noExplicitAny: tests give wrong modules too
type Given = any;

/** Evaluates modules that lie in the files `a.ts`, `b.ts`, … to plain data. */
export function plainOf(...modules: Given[]): unknown {
  return toPlain(evaluated(...modules));
}

/** Evaluates modules that lie in the files `a.ts`, `b.ts`, …. */
export function evaluated(...modules: Given[]) {
  return evalModules({
    modules: modules.map((module, index) => withFile(`${String.fromCharCode(97 + index)}.ts`, module)),
  });
}

/** Code and message of the error that evaluating the modules to plain data throws. */
export function faultOf(...modules: Given[]): { code: string; message: string } {
  try {
    plainOf(...modules);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
  throw new Error("The modules have no fault");
}
