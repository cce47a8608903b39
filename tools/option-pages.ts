/** The reference of options: what the declarations say, as files. */
import type { JsonSchema, OptionDocumentation } from "../src/module-system/index.ts";
import { literal } from "../src/options/literal.ts";

/** What the reference is made from. */
export interface Reference {
  readonly guest: readonly OptionDocumentation[];
  readonly host: readonly OptionDocumentation[];
  readonly schema: JsonSchema;
}

/** A page and the options on it. */
interface Page {
  readonly file: string;
  readonly title: string;
  readonly options: readonly OptionDocumentation[];
}

/** Titles of pages, by the first part of the names of a guest's options. Others are named by that part. */
const TITLES: Readonly<Record<string, readonly [file: string, title: string]>> = {
  microvm: ["machine.md", "The machine"],
  networking: ["networking.md", "Network of the guest"],
  systemd: ["systemd.md", "Units"],
  users: ["users.md", "Users and groups"],
  environment: ["environment.md", "Packages, files, variables, time and language"],
  time: ["environment.md", "Packages, files, variables, time and language"],
  i18n: ["environment.md", "Packages, files, variables, time and language"],
  console: ["environment.md", "Packages, files, variables, time and language"],
  documentation: ["environment.md", "Packages, files, variables, time and language"],
  programs: ["programs.md", "Programs"],
  fileSystems: ["file-systems.md", "File systems and swap"],
  swapDevices: ["file-systems.md", "File systems and swap"],
  boot: ["boot.md", "Kernel"],
  services: ["services.md", "Services"],
};

const NOTICE = "<!-- Generated from the declarations in src/options by: npm run docs -->";

/** Every file of the reference, by its name in `docs/options`. */
export function optionPages({ guest, host, schema }: Reference): ReadonlyMap<string, string> {
  const guestPages = pagesOf(guest);
  const hostPage = { file: "host.md", title: "The host", options: host };
  return new Map([
    ["README.md", indexPage(guestPages, hostPage)],
    ...[...guestPages, hostPage].map((page) => [page.file, pageText(page)] as const),
    ["options.json", jsonText({ guest, host })],
    ["schema.json", jsonText(schema)],
  ]);
}

/** One line for each file that is not as it should be, with the command that makes it so. */
export function staleFiles(
  wanted: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, string>,
): readonly string[] {
  const cure = 'run "npm run docs"';
  return [
    ...[...wanted].flatMap(([name, text]) => {
      if (there.get(name) === text) return [];
      return [`docs/options/${name} is ${there.has(name) ? "stale" : "missing"}: ${cure}`];
    }),
    ...[...there.keys()]
      .filter((name) => !wanted.has(name))
      .map((name) => `docs/options/${name} is no part of the reference: ${cure}`),
  ];
}

function pagesOf(options: readonly OptionDocumentation[]): Page[] {
  const byFile = new Map<string, Page>();
  for (const option of options) {
    const topic = option.path[0] ?? "";
    const [file, title] = TITLES[topic] ?? [`${topic}.md`, topic];
    const others = byFile.get(file)?.options ?? [];
    byFile.set(file, { file, title, options: [...others, option] });
  }
  return [...byFile.values()];
}

function indexPage(guest: readonly Page[], host: Page): string {
  const count = (pages: readonly Page[]) => pages.reduce((sum, { options }) => sum + options.length, 0);
  return `${NOTICE}

# Options

What a guest and a host can be told: ${count(guest)} options of guests, which stand in the \`config\` of a VM, and ${count([host])} of hosts. \`microvm options WORDS\` searches them, \`microvm eval --option NAME --trace\` shows where a value comes from.

In names, \`*\` stands for an entry of a list and \`<name>\` for a name that is free.

- [options.json](options.json): all of this as data.
- [schema.json](schema.json): a JSON Schema of the same.

${[...guest, host].map(indexSection).join("\n")}`;
}

function indexSection(page: Page): string {
  const lines = page.options.map(({ name, description }) => {
    const [first] = /^.*?\.(?= |$)/.exec(description) ?? [description];
    return `- [\`${name}\`](${page.file}#${anchor(name)}): ${first}`;
  });
  return `## [${page.title}](${page.file})\n\n${lines.join("\n")}\n`;
}

function pageText({ title, options }: Page): string {
  return `${NOTICE}\n\n# ${title}\n\n[All options](README.md)\n\n${options.map(optionSection).join("\n")}`;
}

function optionSection(option: OptionDocumentation): string {
  const { name, type, description, declarations } = option;
  const fields = [
    `- Type: \`${type}\``,
    `- Default:${defaultOf(option)}`,
    ...("example" in option ? [`- Example:${valueText(option.example)}`] : []),
    ...(option.readOnly ? ["- Read-only: only its own module defines it."] : []),
    `- Declared in ${declarations.map((file) => `[${file}](../../${file})`).join(", ")}`,
  ];
  return `## \`${name}\`\n\n${description}\n\n${fields.join("\n")}\n`;
}

function defaultOf(option: OptionDocumentation): string {
  if (option.defaultText !== undefined) return ` ${option.defaultText}`;
  return "default" in option ? valueText(option.default) : " none, it must be defined";
}

/** What follows a label: in the line, or in a block below it when it is long. */
function valueText(value: unknown): string {
  const text = literal(value);
  if (!text.includes("\n")) return text.includes("`") ? ` \`\` ${text} \`\`` : ` \`${text}\``;
  return `\n\n${["```ts", ...text.split("\n"), "```"].map((line) => `  ${line}`).join("\n")}\n`;
}

/** The anchor that GitHub gives a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
