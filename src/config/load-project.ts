/** Loads a project's files into this process, which is the evaluating child. */
import { createRequire, registerHooks } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { MicrovmError, messageOf, systemCode } from "../errors.ts";
import { thrownPlace } from "../module-system/index.ts";
import { readTextIfExists } from "../os/files.ts";
import { programFile } from "../os/program-files.ts";
import { mayRead, permissionDenied, readDenied } from "./denied.ts";
import { isPlainModule } from "./plain-source.ts";
import type { Project } from "./project.ts";
import { checkProject } from "./project-shape.ts";

/** Makes `import … from "microvm"` mean this program, wherever a project lies, and loads what needs no compiler without. */
export function provideProgram(): void {
  const own = programFile("index").href;
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === "microvm" ? { url: own, shortCircuit: true } : nextResolve(specifier, context),
    load: (url, context, nextLoad) => {
      const source = plainSource(url, context.format);
      return source === undefined ? nextLoad(url, context) : { format: "module", source, shortCircuit: true };
    },
  });
}

/** The text of a TypeScript file that is JavaScript; `format`: what Node takes it for, if it knows already. */
function plainSource(url: string, format: string | null | undefined): string | undefined {
  if (!/^file:.*\.m?ts$/.test(url) || format === "commonjs-typescript") return undefined;
  const file = fileURLToPath(url);
  // What may not be read, Node refuses in its own words.
  const text = mayRead(file) ? readTextIfExists(file) : undefined;
  return text !== undefined && isPlainModule(text) ? text : undefined;
}

/** Loads a project file and checks the shape of what it exports. */
export function loadProject(file: string): Project {
  return checkProject(defaultExport(loadFile(file, undefined)), file);
}

/** Loads a module that another one imports by a path relative to its own file. */
export function importModule(
  path: string,
  from: string,
): { readonly module: unknown; readonly file: string } {
  if (!/^\.{0,2}\//.test(path)) {
    throw invalid(
      `The module "${from}" imports "${path}", which is no path`,
      `Write "./${path}" for a file beside it`,
    );
  }
  const file = resolve(dirname(from), path);
  const module = defaultExport(loadFile(file, from));
  if (module === undefined) throw invalid(`The module "${file}" has no default export`);
  return { file, module };
}

function defaultExport(loaded: unknown): unknown {
  const isModule = Object.prototype.toString.call(loaded) === "[object Module]";
  return isModule ? (loaded as { default?: unknown }).default : loaded;
}

function loadFile(file: string, importer: string | undefined): unknown {
  const who = importer === undefined ? "The program" : `The module "${importer}"`;
  if (!mayRead(file)) throw readDenied(who, file);
  try {
    return createRequire(file)(file);
  } catch (error) {
    throw explainLoading(error, file, importer);
  }
}

function explainLoading(error: unknown, file: string, importer: string | undefined): MicrovmError {
  if (error instanceof MicrovmError) return error;
  const denied = permissionDenied(error, file);
  if (denied) return denied;
  const code = systemCode(error) ?? "";
  if (code === "MODULE_NOT_FOUND" && importer !== undefined) {
    return invalid(`Cannot find "${file}", imported by "${importer}"`);
  }
  if (code === "ERR_MODULE_NOT_FOUND") return invalid(missingImport(messageOf(error), file));
  if (code === "ERR_REQUIRE_ASYNC_MODULE") {
    return invalid(
      `"${file}" waits for a promise at its top level`,
      "Files are loaded at once; remove the await",
    );
  }
  if (error instanceof SyntaxError) return explainSyntax(error, file);
  const place = thrownPlace(error) ?? file;
  return new MicrovmError("config-threw", `"${place}" threw while it was loaded: ${firstLine(error)}`, {
    cause: error,
  });
}

/** Node words it `Cannot find module '/x' imported from /y`, or `package`. */
function missingImport(message: string, file: string): string {
  const found = /^Cannot find (module|package) '(.*?)' imported from (.*)$/m.exec(message);
  if (!found) return `Cannot load "${file}": ${message}`;
  const [, kind, name, importer] = found;
  return `Cannot find ${kind === "package" ? "the package " : ""}"${name}", imported by "${importer}"`;
}

function explainSyntax(error: SyntaxError, file: string): MicrovmError {
  const message = firstLine(error);
  if (/does not provide an export named/.test(message)) return invalid(`Cannot load "${file}": ${message}`);
  // The place is no part of the error or its stack; it is only shown with the source line above them.
  const place = /^(?:file:\/\/)?(\/.*:\d+)\n/.exec(inspect(error))?.[1] ?? file;
  return invalid(`Syntax error in "${place}": ${message}`);
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n")[0]!;
}

function invalid(message: string, hint?: string): MicrovmError {
  return new MicrovmError("config-invalid", message, hint === undefined ? {} : { hint });
}
