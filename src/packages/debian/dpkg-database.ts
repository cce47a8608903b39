/** dpkg's own records of unpacked packages, below `var/lib/dpkg`: so that `dpkg --configure` goes on from there. */
import { join } from "node:path";
import { chmodSync, existsSync, mkdirSync, readTextIfExists, writeFileSync } from "../../os/files.ts";
import { fieldOf, formatParagraph, type Paragraph } from "./control.ts";
import type { Tree } from "./tree-writer.ts";
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
  const directory = join(tree.root, DATABASE);
  for (const part of ["info", "parts", "triggers", "updates", "alternatives"]) {
    mkdirSync(join(directory, part), { recursive: true });
  }
  writeFileSync(join(directory, "status"), statusText(below(tree, "status") ?? "", packages));
  for (const recorded of packages) writeInfo(join(directory, "info"), recorded);
  const fixed = {
    "info/format": "1\n",
    arch: `${architecture}\n`,
    available: "",
    diversions: "",
    statoverride: "",
  };
  for (const [name, content] of Object.entries(fixed)) {
    if (below(tree, name) === undefined && !existsSync(join(directory, name))) {
      writeFileSync(join(directory, name), content);
    }
  }
  writeTriggers(tree, packages);
}

/** A file of the database in the nearest layer that has it. */
function below(tree: Tree, name: string): string | undefined {
  for (const layer of tree.lowers) {
    const text = readTextIfExists(join(layer, DATABASE, name));
    if (text !== undefined) return text;
  }
  return undefined;
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

/** dpkg knows that a conffile is not installed yet by the word in its checksum's place. */
function stanzaOf({ fields, deb }: RecordedPackage): string {
  const lines: [string, string][] = [];
  const conffiles = conffilesOf(deb.controlFiles);
  for (const [name, value] of fields) {
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

function writeInfo(directory: string, { fields, deb }: RecordedPackage): void {
  const prefix = join(directory, fileName(fields));
  writeFileSync(`${prefix}.list`, deb.files.map((file) => `${file}\n`).join(""));
  for (const file of deb.controlFiles) {
    writeFileSync(`${prefix}.${file.name}`, file.content);
    chmodSync(`${prefix}.${file.name}`, file.mode & 0o111 ? 0o755 : 0o644);
  }
}

function writeTriggers(tree: Tree, packages: readonly RecordedPackage[]): void {
  const directory = join(tree.root, DATABASE, "triggers");
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
    ...parseFileInterests(below(tree, "triggers/File") ?? ""),
    ...added.filter(isFile),
  ]);
  writeFileSync(
    join(directory, "File"),
    fileInterests.map((interest) => `${interest.trigger} ${interest.package}\n`).join(""),
  );
  writeNamedInterests(
    tree,
    added.filter((interest) => !isFile(interest)),
  );
  const activated = activatedTriggers(directives, fileInterests, newFiles(packages));
  // "-" in a package's place: nobody waits for it.
  writeFileSync(join(directory, "Unincorp"), activated.map((trigger) => `${trigger} -\n`).join(""));
}

function writeNamedInterests(tree: Tree, added: readonly TriggerInterest[]): void {
  for (const trigger of new Set(added.map((interest) => interest.trigger))) {
    // The syntax of a trigger's name; it becomes a file's name here.
    if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(trigger)) continue;
    const name = `triggers/${trigger}`;
    const before = (below(tree, name) ?? "").split("\n").filter((line) => line !== "");
    const own = added.filter((interest) => interest.trigger === trigger).map((interest) => interest.package);
    const lines = [...new Set([...before, ...own])];
    writeFileSync(join(tree.root, DATABASE, name), lines.map((line) => `${line}\n`).join(""));
  }
}

function* newFiles(packages: readonly RecordedPackage[]): Generator<string> {
  for (const { deb } of packages) yield* deb.files;
}

function unique(interests: readonly TriggerInterest[]): readonly TriggerInterest[] {
  const seen = new Map(interests.map((interest) => [`${interest.trigger} ${interest.package}`, interest]));
  return [...seen.values()];
}
