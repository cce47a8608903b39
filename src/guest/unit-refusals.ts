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
  const found = output.split("\n").flatMap((line): Refusal[] => {
    const inFile = /^\/etc\/systemd\/system\/([^/:]+(?::[^/:]+)*?)(\.d\/overrides\.conf)?:(\d+): (.*)$/.exec(
      line,
    );
    if (inFile) {
      const [, name, dropIn, number, said] = inFile as unknown as [string, string, string?, string?, string?];
      const unit = byName.get(name);
      if (!unit) return [];
      const text = dropIn === undefined ? unit.text : (unit.dropInText ?? unit.text);
      const written = text.split("\n")[Number(number) - 1] ?? "";
      return [{ unit, reason: reasonOf(said!), line: { number: Number(number), text: written } }];
    }
    const ofUnit = /^([^\s:]+(?::[^\s:]+)*?): (.*)$/.exec(line);
    const unit = ofUnit && (byName.get(ofUnit[1]!) ?? byName.get(ofUnit[1]!.replace("@instance.", "@.")));
    return unit ? [{ unit, reason: reasonOf(ofUnit![2]!) }] : [];
  });
  return [...new Map(found.map((refusal) => [refusalText(refusal), refusal])).values()];
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
