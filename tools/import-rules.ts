/** The rules of who may import whom, as a function of the sources and of the table in the architecture. */
import { posix } from "node:path";

/** Sources by path from the repository's top, such as `src/store/store.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** One mention of another module. */
interface Import {
  readonly from: string;
  readonly line: number;
  /** As written. */
  readonly specifier: string;
  /** Path of a file below `src/`; undefined when it is a package's or Node's. */
  readonly target: string | undefined;
  /** Only its address is taken (`new URL`), so that it is no part of a cycle. */
  readonly address: boolean;
}

/** Which rooms a room may import; a name that ends in `/*` stands for the files right in that room. */
type Table = ReadonlyMap<string, ReadonlySet<string>>;

/** What the outside world is reached by. */
const OUTSIDE = /^node:(fs|child_process|net|http|https|http2|tls|dgram|worker_threads)(\/|$)/;

/** The room that reaches it. */
const OUTSIDE_ROOM = "os";

/** Every violation, as one line each, in the order of the files. */
export function checkImports(sources: Sources, architecture: string): string[] {
  const table = readTable(architecture);
  const imports = [...sources].flatMap(([path, text]) => findImports(path, text));
  return [
    ...strangers(sources, table),
    ...imports.map((one) => judge(one, table)).filter((fault) => fault !== undefined),
    ...findCycles(imports),
  ];
}

/** The table under the heading "The rooms": `| room | what lives there | may import |`. */
export function readTable(architecture: string): Table {
  const rows = architecture
    .split(/^#+ .*The rooms$/m)[1]
    ?.split(/^#/m)[0]
    ?.split("\n")
    .filter((line) => /^\| *`/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  if (!rows?.length) throw new Error('The architecture has no table under a heading "The rooms"');
  const table = new Map<string, ReadonlySet<string>>();
  for (const [, name = "", , permitted = ""] of rows) {
    table.set(roomName(name), permittedRooms(permitted, [...table.keys()]));
  }
  return table;
}

function permittedRooms(cell: string, above: readonly string[]): ReadonlySet<string> {
  const rooms = cell.split(",").flatMap((part): readonly string[] => {
    const word = part.trim();
    if (word === "–" || word === "-") return [];
    if (word === "any") return ["*"];
    if (word === "the rooms above") return above.filter((room) => room !== "index.ts");
    if (word === "capabilities") return ["hypervisors/*"];
    if (/^`[^`]+`$/.test(word)) return [roomName(word)];
    throw new Error(`Not something to import in the table of rooms: "${word}"`);
  });
  return new Set(rooms);
}

function roomName(cell: string): string {
  return cell.replaceAll("`", "").replace(/\/$/, "");
}

/** `src/a/b/c.ts` is in room `a`, `src/a.ts` is the room `a.ts`. */
function roomOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.includes("/testing/");
}

/** Files in no room of the table. */
function strangers(sources: Sources, table: Table): string[] {
  return [...sources.keys()]
    .filter((path) => !isTest(path) && !table.has(roomOf(path)))
    .map((path) => `${path}:1 is in "${roomOf(path)}", which is not in the table of rooms`);
}

function judge({ from, line, specifier, target }: Import, table: Table): string | undefined {
  if (isTest(from)) return undefined;
  const room = roomOf(from);
  if (OUTSIDE.test(specifier) && room !== OUTSIDE_ROOM) {
    return `${from}:${line} imports ${specifier}: only "${OUTSIDE_ROOM}" may import it`;
  }
  if (target === undefined) return undefined;
  if (isTest(target)) return `${from}:${line} imports ${target}: only tests may import what is for tests`;
  if (isPermitted(room, target, table)) return undefined;
  return `${from}:${line} imports ${target}: "${room}" may not import "${roomOf(target)}"`;
}

function isPermitted(room: string, target: string, table: Table): boolean {
  const other = roomOf(target);
  if (other === room || other === "errors.ts") return true;
  if (other === "paths.ts" && room !== "module-system") return true;
  const permitted = table.get(room);
  // Who is in no room is reported as such.
  if (!permitted || permitted.has("*") || permitted.has(other)) return true;
  return permitted.has(`${other}/*`) && posix.dirname(target) === `src/${other}`;
}

/** Static imports and re-exports (types as well), side effects, dynamic imports, and addresses of files. */
const FORMS = [
  /\b(?:import|export)\b[^"'`;()]*?\bfrom\s*["']([^"'\n]+)["']/dg,
  /\bimport\s*["']([^"'\n]+)["']/dg,
  /\bimport(?:\.meta\.resolve)?\s*\(\s*["'`]([^"'`$\n]+)["'`]/dg,
  /\bnew\s+URL\(\s*["'`]([^"'`$\n]+)["'`]\s*,\s*import\.meta\.url/dg,
];

function findImports(from: string, text: string): Import[] {
  const code = blankComments(text);
  return FORMS.flatMap((form, index) =>
    [...code.matchAll(form)].map((match) => {
      const specifier = match[1]!;
      const line = code.slice(0, match.indices![1]![0]).split("\n").length;
      return { from, line, specifier, target: resolve(from, specifier), address: index === 3 };
    }),
  ).sort((a, b) => a.line - b.line);
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier === "microvm") return "src/index.ts";
  if (!/^\.\.?\//.test(specifier)) return undefined;
  const target = posix.join(posix.dirname(from), specifier);
  return target.startsWith("src/") ? target : undefined;
}

/** Comments become blanks, lines stay; strings are stepped over, since they may hold `//`. */
function blankComments(text: string): string {
  const stringOrComment =
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*.*?\*\//gs;
  return text.replace(stringOrComment, (found) => (found[0] === "/" ? found.replace(/[^\n]/g, " ") : found));
}

/** One line for each way back to a file that is still being looked at. */
function findCycles(imports: readonly Import[]): string[] {
  const byFile = Map.groupBy(
    imports.filter(({ address, target }) => !address && target !== undefined),
    ({ from }) => from,
  );
  const faults: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    if (done.has(path)) return;
    for (const { line, target } of byFile.get(path) ?? []) {
      const start = [...trail, path].indexOf(target!);
      if (start < 0) visit(target!, [...trail, path]);
      else
        faults.push(`${path}:${line} imports ${target}: cycle ${cycleText([...trail, path].slice(start))}`);
    }
    done.add(path);
  };
  for (const path of byFile.keys()) visit(path, []);
  return faults;
}

function cycleText(files: readonly string[]): string {
  return [...files, files[0]].join(" → ");
}
