/** The two forms in which apt is told its sources: sources.list(5). Pure functions on text. */
import { fieldOf, parseParagraphs } from "./control.ts";

/** One enabled source of binary packages. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Path of the keyring that signs it, when named. */
  readonly signedBy?: string;
}

/** Sources of a file in one-line style: `deb [option=value …] uri suite [component …]`. */
export function parseSourcesList(text: string): readonly AptSource[] {
  const sources: AptSource[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.replace(/#.*/, "").trim();
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(line);
    if (!match) continue;
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(match[1] ?? "")?.[1];
    sources.push({
      uri: match[2]!,
      suites: [match[3]!],
      components: words(match[4]),
      ...(signedBy !== undefined && { signedBy }),
    });
  }
  return sources;
}

/** Sources of a file in deb822 style, one paragraph each; `Enabled: no` and pure `deb-src` are left out. */
export function parseDeb822Sources(text: string): readonly AptSource[] {
  return parseParagraphs(text).flatMap((paragraph) => {
    const isEnabled = !/^(no|false|without|off|disable)$/i.test(fieldOf(paragraph, "Enabled") ?? "yes");
    if (!isEnabled || !words(fieldOf(paragraph, "Types")).includes("deb")) return [];
    const signedBy = fieldOf(paragraph, "Signed-By");
    return words(fieldOf(paragraph, "URIs")).map((uri) => ({
      uri,
      suites: words(fieldOf(paragraph, "Suites")),
      components: words(fieldOf(paragraph, "Components")),
      ...(signedBy !== undefined && { signedBy }),
    }));
  });
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}
