/** dpkg's own records of unpacked packages, below `var/lib/dpkg`: so that `dpkg --configure` goes on from there. */
import { fieldOf, formatParagraph, type Paragraph } from "./control.ts";
import { type Tree, TreeWriter } from "./tree-writer.ts";
import {
  activatedTriggers,
  interestsOf,
  parseFileInterests,
  parseTriggers,
  type TriggerDirective,
  type TriggerInterest,
} from "./triggers.ts";
import { conffilesOf, type UnpackedDeb } from "./unpack-deb.ts";

/** A package to be recorded. */
export interface RecordedPackage {
  readonly fields: Paragraph;
  readonly deb: UnpackedDeb;
}

const DATABASE = "var/lib/dpkg";

/**
 * Records packages as unpacked, on top of what the nearest layer below records. The triggers that they activate
 * are in `triggers/Unincorp`, where dpkg finds them: it runs those of packages that were configured before, and
 * the others when it configures the packages that are interested.
 */
export function writeDatabase(tree: Tree, packages: readonly RecordedPackage[], architecture: string): void {
  // What packages ship lies in the tree already: links among it must not lead the database elsewhere.
  const writer = new TreeWriter(tree);
  writer.packageName = DATABASE;
  for (const part of ["info", "parts", "triggers", "updates", "alternatives"]) {
    writer.directory(`${DATABASE}/${part}`);
  }
  const status = `${DATABASE}/status`;
  writer.write(status, statusText(writer.read(status) ?? "", packages));
  for (const recorded of packages) writeInfo(writer, recorded);
  const fixed = {
    "info/format": "1\n",
    arch: `${architecture}\n`,
    available: "",
    diversions: "",
    statoverride: "",
  };
  for (const [name, content] of Object.entries(fixed)) {
    const path = `${DATABASE}/${name}`;
    if (writer.read(path) === undefined) writer.write(path, content);
  }
  writeTriggers(writer, packages);
}

function statusText(before: string, packages: readonly RecordedPackage[]): string {
  const replaced = new Set(packages.map(({ fields }) => identity(fields)));
  const kept = before
    .split(/\n{2,}/)
    .map((stanza) => stanza.replace(/^\n+|\n+$/g, ""))
    .filter((stanza) => stanza !== "" && !replaced.has(identityOfStanza(stanza)))
    .map((stanza) => `${stanza}\n`);
  return [...kept, ...packages.map(stanzaOf)].map((stanza) => `${stanza}\n`).join("");
}

/** Packages of one name and several architectures can be installed together. */
function identity(fields: Paragraph): string {
  return `${fieldOf(fields, "Package")}:${fieldOf(fields, "Architecture")}`;
}

function identityOfStanza(stanza: string): string {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1];
  return `${field("Package")}:${field("Architecture")}`;
}

/** Fields that only dpkg writes, deb-control(5) has none of them. */
const OWN_FIELDS = new Set(["status", "conffiles", "config-version", "triggers-pending", "triggers-awaited"]);

/** dpkg knows that a conffile is not installed yet by the word in its checksum's place. */
function stanzaOf({ fields, deb }: RecordedPackage): string {
  const lines: [string, string][] = [];
  const conffiles = conffilesOf(deb.controlFiles);
  for (const [name, value] of fields) {
    if (OWN_FIELDS.has(name.toLowerCase())) continue;
    if (name.toLowerCase() === "description" && conffiles.length > 0) {
      lines.push(["Conffiles", conffiles.map((path) => `\n${path} newconffile`).join("")]);
    }
    lines.push([name, value]);
    if (name.toLowerCase() === "package") lines.push(["Status", "install ok unpacked"]);
  }
  return formatParagraph(lines);
}

/** How dpkg calls a package in its own files: with the architecture exactly when there can be several. */
function fileName(fields: Paragraph): string {
  const name = fieldOf(fields, "Package") ?? "";
  const isSame = fieldOf(fields, "Multi-Arch") === "same";
  return isSame ? `${name}:${fieldOf(fields, "Architecture")}` : name;
}

function writeInfo(writer: TreeWriter, { fields, deb }: RecordedPackage): void {
  const prefix = `${DATABASE}/info/${fileName(fields)}`;
  writer.write(`${prefix}.list`, deb.files.map((file) => `${file}\n`).join(""));
  for (const file of deb.controlFiles) {
    writer.write(`${prefix}.${file.name}`, file.content, file.mode & 0o111 ? 0o755 : 0o644);
  }
}

function writeTriggers(writer: TreeWriter, packages: readonly RecordedPackage[]): void {
  const directory = `${DATABASE}/triggers`;
  const directives: TriggerDirective[] = [];
  const added: TriggerInterest[] = [];
  for (const { fields, deb } of packages) {
    const file = deb.controlFiles.find((one) => one.name === "triggers");
    const own = file ? parseTriggers(Buffer.from(file.content).toString()) : [];
    directives.push(...own);
    added.push(...interestsOf(fileName(fields), own));
  }
  const isFile = ({ trigger }: TriggerInterest) => trigger.startsWith("/");
  const fileInterests = unique([
    ...parseFileInterests(writer.read(`${directory}/File`) ?? ""),
    ...added.filter(isFile),
  ]);
  writer.write(
    `${directory}/File`,
    fileInterests.map((interest) => `${interest.trigger} ${interest.package}\n`).join(""),
  );
  writeNamedInterests(
    writer,
    added.filter((interest) => !isFile(interest)),
  );
  const activated = activatedTriggers(directives, fileInterests, newFiles(packages));
  // "-" in a package's place: nobody waits for it.
  writer.write(`${directory}/Unincorp`, activated.map((trigger) => `${trigger} -\n`).join(""));
}

function writeNamedInterests(writer: TreeWriter, added: readonly TriggerInterest[]): void {
  for (const trigger of new Set(added.map((interest) => interest.trigger))) {
    // The syntax of a trigger's name; it becomes a file's name here.
    if (!/^[A-Za-z0-9][A-Za-z0-9+._-]{0,199}$/.test(trigger)) continue;
    const path = `${DATABASE}/triggers/${trigger}`;
    const before = (writer.read(path) ?? "").split("\n").filter((line) => line !== "");
    const own = added.filter((interest) => interest.trigger === trigger).map((interest) => interest.package);
    const lines = [...new Set([...before, ...own])];
    writer.write(path, lines.map((line) => `${line}\n`).join(""));
  }
}

function* newFiles(packages: readonly RecordedPackage[]): Generator<string> {
  for (const { deb } of packages) yield* deb.files;
}

function unique(interests: readonly TriggerInterest[]): readonly TriggerInterest[] {
  const seen = new Map(interests.map((interest) => [`${interest.trigger} ${interest.package}`, interest]));
  return [...seen.values()];
}
