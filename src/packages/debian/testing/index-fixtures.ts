/** Small indices for tests. */
import { createHash } from "node:crypto";
import type { IndexSource, PackageIndex } from "../package-index.ts";
import { type OpenIndexOptions, openIndex } from "../package-index.ts";
import type { ReleaseInfo } from "../policy.ts";

/** The text of a `Packages` file from lines `NAME VERSION; Field: value; …`. */
export function packagesText(...lines: readonly string[]): string {
  const stanzas = lines.map((line) => {
    const [head, ...fields] = line.split("; ");
    const [name, version = "1"] = head!.split(" ");
    const sha256 = createHash("sha256").update(line).digest("hex");
    const file = `pool/${name}_${version}.deb`;
    const given = fields.map((field) => field.slice(0, field.indexOf(":")));
    const needed = { Architecture: "amd64", Filename: file, Size: "1000", SHA256: sha256 };
    const others = Object.entries(needed).filter(([key]) => !given.includes(key));
    return [
      `Package: ${name}`,
      `Version: ${version}`,
      ...others.map(([key, value]) => `${key}: ${value}`),
      ...fields,
      "",
    ].join("\n");
  });
  return stanzas.join("\n");
}

/** A source with this text. */
export function sourceOf(
  text: string | Buffer,
  release: Partial<ReleaseInfo> = {},
  repository = "debian",
): IndexSource {
  const content = Buffer.from(text);
  return {
    text: () => content,
    sha256: createHash("sha256").update(content).digest("hex"),
    repository,
    release: {
      suite: "stable",
      codename: "trixie",
      origin: "Debian",
      label: "Debian",
      component: "main",
      notAutomatic: false,
      butAutomaticUpgrades: false,
      ...release,
    },
  };
}

/** An index of one source, from lines as `packagesText` takes them. */
export function indexOf(...lines: readonly string[]): PackageIndex {
  return indexWith({}, ...lines);
}

/** The same with options. */
export function indexWith(options: OpenIndexOptions, ...lines: readonly string[]): PackageIndex {
  return openIndex([sourceOf(packagesText(...lines))], "amd64", options);
}
