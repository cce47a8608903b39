/** What `systemd-analyze verify` says, told in the words of who declared the units. */

/** A unit that was checked. */
export interface CheckedUnit {
  readonly name: string;
  readonly option: string;
  readonly definedIn: readonly string[];
  readonly text: string;
  readonly dropInText?: string;
}

/** One fault of one unit. */
export interface Refusal {
  readonly unit: CheckedUnit;
  /** In systemd's words. */
  readonly reason: string;
  readonly line?: { readonly number: number; readonly text: string };
}

/** The faults of these units in systemd's output, each once. What it says of other units is passed over. */
export function refusals(output: string, units: readonly CheckedUnit[]): Refusal[] {
  const byName = new Map(units.map((unit) => [unit.name, unit]));
  const lines = output.split("\n");
  const found = [...lines.flatMap((line) => refusalIn(line, byName)), ...cyclesIn(lines, byName)];
  return [...new Map(found.map((refusal) => [refusalText(refusal), refusal])).values()];
}

type Units = ReadonlyMap<string, CheckedUnit>;

/** A line begins with the file and its line, or with the unit. */
function refusalIn(line: string, units: Units): Refusal[] {
  const ofFile = /^\/etc\/systemd\/system\/([^/]+?)(\.d\/overrides\.conf)?:(\d+): (.*)$/.exec(line);
  if (ofFile) {
    const [, name, dropIn, number, said] = ofFile;
    const unit = units.get(name!);
    if (!unit) return [];
    const text = dropIn === undefined ? unit.text : (unit.dropInText ?? unit.text);
    const written = text.split("\n")[Number(number) - 1] ?? "";
    return [{ unit, reason: reasonOf(said!), line: { number: Number(number), text: written } }];
  }
  const ofUnit = /^(\S+\.[a-z]+): (.*)$/.exec(line);
  const unit = ofUnit && unitNamed(ofUnit[1]!, units);
  if (!unit || SAID_ELSEWHERE.test(ofUnit[2]!)) return [];
  return [{ unit, reason: reasonOf(ofUnit[2]!) }];
}

/** The lines of a cycle, which name a unit each, and what follows for a unit from faults that have lines of their own. */
const SAID_ELSEWHERE =
  /^(?:Found ordering cycle|Found dependency on|Unable to break cycle|Job .* deleted to break|Failed to create .* order is cyclic|Cannot add dependency job, .* has a bad unit file setting)/;

/** Cycles, told of one of these units: systemd names whichever it came by first. */
function cyclesIn(lines: readonly string[], units: Units): Refusal[] {
  const cycles: string[][] = [];
  for (const line of lines) {
    const [, first, said] = /^(\S+\.[a-z]+): (Found ordering cycle|Found dependency) on /.exec(line) ?? [];
    const next = /on (\S+)\/[a-z-]+$/.exec(line)?.[1];
    if (first === undefined || next === undefined) continue;
    if (said === "Found ordering cycle") cycles.push([first, next]);
    else cycles.at(-1)?.push(next);
  }
  return cycles.flatMap((names) => {
    const unit = names.map((name) => unitNamed(name, units)).find((one) => one !== undefined);
    return unit ? [{ unit, reason: `Units wait for each other: ${names.join(" after ")}` }] : [];
  });
}

function unitNamed(name: string, units: Units): CheckedUnit | undefined {
  return units.get(name) ?? units.get(name.replace("@instance.", "@."));
}

/** For a person: option, files, line and reason. */
export function refusalText({ unit, reason, line }: Refusal): string {
  const files = unit.definedIn.map((file) => `"${file}"`).join(", ");
  const where = line ? ` in line ${line.number}, "${line.text}"` : "";
  return `"${unit.option}"${files && ` in ${files}`} gives a unit "${unit.name}" that systemd refuses${where}: ${reason}`;
}

/** Without what systemd would do about it, since nothing is started. */
function reasonOf(said: string): string {
  return said
    .replace(/, ignoring(?=:|\.|$)/, "")
    .replace(/ Refusing\.$/, "")
    .replace(/\.$/, "");
}
