/** Small archives for tests: .deb files made from lists of files, and a signed mirror of them in a directory. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";
import lzma from "lzma-native";
import { createCleartextMessage, generateKey, type PrivateKey, readPrivateKey, sign } from "openpgp";
import { mkdirSync, writeFileSync } from "../../os/files.ts";
import type { TarType } from "./tar.ts";

/** A file of a package. */
export interface FixtureFile {
  /** As it stands in the archive; `./` is put in front unless `isExact`. */
  readonly path: string;
  /** Default `file`. */
  readonly type?: TarType;
  readonly content?: string | Uint8Array;
  /** Of a link. */
  readonly target?: string;
  /** Default 0o755 for directories, else 0o644. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970; default 1 000 000 000. */
  readonly mtime?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly isExact?: boolean;
}

/** A package. */
export interface FixturePackage {
  readonly name: string;
  /** Default `1.0-1`. */
  readonly version?: string;
  /** Default `amd64`. */
  readonly architecture?: string;
  /** Further control fields, such as `Depends`. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly files?: readonly FixtureFile[];
  /** Further files of the control archive: `postinst`, `conffiles`; scripts are executable; `control` replaces its own. */
  readonly control?: Readonly<Record<string, string | Uint8Array>>;
  /** Default `xz`. */
  readonly compression?: "xz" | "zst" | "gz" | "none";
}

/** What a mirror says of itself. */
export interface FixtureMirrorOptions {
  /** Default `trixie`. */
  readonly suite?: string;
  /** Default `main`. */
  readonly component?: string;
  /** Default `amd64`. */
  readonly architecture?: string;
  /** Value of `Suite`; default `stable`. */
  readonly suiteName?: string;
  /** Value of `Codename`; default the suite. */
  readonly codename?: string;
  /** Value of `Date`. */
  readonly date?: string;
  /** Value of `Valid-Until`. */
  readonly validUntil?: string;
  /** More lines of the Release. */
  readonly fields?: readonly string[];
  /** Lay it out without `dists`, at this path. */
  readonly flat?: string;
  /** Form of the index; default `gz`. */
  readonly indexForm?: "gz" | "xz";
  /** Sign with the key of an earlier mirror. */
  readonly key?: FixtureKey;
}

/** A key pair, armored. */
export interface FixtureKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A mirror on the disk. */
export interface FixtureMirror {
  /** Its address, a `file:` URL. */
  readonly mirror: string;
  /** The armored public key that signed it. */
  readonly keyring: string;
  readonly key: FixtureKey;
}

/** Makes a tar archive, with PAX headers where a path or an attribute asks for them. */
export function buildTar(files: readonly FixtureFile[]): Buffer {
  const blocks: Buffer[] = [];
  for (const file of files) {
    const path = file.isExact ? file.path : `./${file.path}${file.type === "directory" ? "/" : ""}`;
    const pax: [string, string][] = Object.entries(file.xattrs ?? {}).map(([name, value]) => [
      `SCHILY.xattr.${name}`,
      value,
    ]);
    if (Buffer.byteLength(path) > 100) pax.push(["path", path]);
    if (Buffer.byteLength(file.target ?? "") > 100) pax.push(["linkpath", file.target!]);
    if (pax.length > 0) blocks.push(...tarEntry("pax", "x", Buffer.concat(pax.map(paxRecord)), {}));
    const content =
      typeof file.content === "string" ? Buffer.from(file.content) : Buffer.from(file.content ?? []);
    blocks.push(...tarEntry(path, TYPE_FLAGS[file.type ?? "file"], content, file));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** Makes a .deb; control fields that are missing get plain values. */
export async function buildDeb(fixture: FixturePackage): Promise<Buffer> {
  const { compression = "xz" } = fixture;
  const suffix = compression === "none" ? "" : `.${compression}`;
  const control = Object.entries(fixture.control ?? {}).map(([path, content]) => ({
    path,
    content,
    mode: /^(pre|post)(inst|rm)$/.test(path) ? 0o755 : 0o644,
  }));
  const text = controlText(fixture);
  const controlTar = buildTar([
    { path: "", type: "directory" },
    ...control,
    ...(fixture.control?.control === undefined ? [{ path: "control", content: text }] : []),
  ]);
  const dataTar = buildTar([{ path: "", type: "directory" }, ...(fixture.files ?? [])]);
  return buildAr([
    ["debian-binary", Buffer.from("2.0\n")],
    [`control.tar${suffix}`, await compress(controlTar, compression)],
    [`data.tar${suffix}`, await compress(dataTar, compression)],
  ]);
}

/** Makes an ar archive. */
export function buildAr(members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts: Buffer[] = [Buffer.from("!<arch>\n")];
  for (const [name, content] of members) {
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}`;
    parts.push(Buffer.from(`${header}${String(content.length).padEnd(10)}\`\n`), content);
    if (content.length % 2) parts.push(Buffer.from("\n"));
  }
  return Buffer.concat(parts);
}

/** A new key to sign mirrors with. */
export async function makeKey(): Promise<FixtureKey> {
  return generateKey({ userIDs: [{ name: "Test Archive" }], type: "ecc", format: "armored" });
}

/** Lays out an archive with one suite below a directory and signs it. */
export async function makeMirror(
  directory: string,
  packages: readonly FixturePackage[],
  options: FixtureMirrorOptions = {},
): Promise<FixtureMirror> {
  const { suite = "trixie", component = "main", architecture = "amd64", indexForm = "gz" } = options;
  const key = options.key ?? (await makeKey());
  const stanzas = await Promise.all(
    packages.map(async (one) => {
      const deb = await buildDeb(one);
      const file = `pool/${component}/${fileNameOf(one)}`;
      write(join(directory, file), deb);
      return `${controlText(one)}Filename: ${file}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
    }),
  );
  const index = Buffer.from(stanzas.join("\n"));
  const compressed = await compress(index, indexForm);
  const { flat } = options;
  const place = flat === undefined ? `${component}/binary-${architecture}/` : "";
  const suiteDirectory = join(directory, flat ?? join("dists", suite));
  write(join(suiteDirectory, `${place}Packages.${indexForm}`), compressed);
  write(join(suiteDirectory, place, "by-hash/SHA256", sha256(compressed)), compressed);
  const release = [
    "Origin: Test",
    `Suite: ${options.suiteName ?? "stable"}`,
    `Codename: ${options.codename ?? suite}`,
    `Date: ${options.date ?? "Sat, 12 Sep 2026 07:55:41 UTC"}`,
    ...(options.validUntil ? [`Valid-Until: ${options.validUntil}`] : []),
    ...(options.fields ?? []),
    "Acquire-By-Hash: yes",
    "SHA256:",
    ` ${sha256(compressed)} ${compressed.length} ${place}Packages.${indexForm}`,
    ` ${sha256(index)} ${index.length} ${place}Packages`,
  ].join("\n");
  write(join(suiteDirectory, "InRelease"), Buffer.from(await signText(release, key)));
  return { mirror: pathToFileURL(directory).href, keyring: key.publicKey, key };
}

/** Clear-signs a text. */
export async function signText(text: string, key: FixtureKey): Promise<string> {
  const signingKeys: PrivateKey = await readPrivateKey({ armoredKey: key.privateKey });

  return sign({ message: await createCleartextMessage({ text }), signingKeys });
}

/** The name of a package's file in the pool. */
export function fileNameOf({ name, version = "1.0-1", architecture = "amd64" }: FixturePackage): string {
  return `${name}_${version.replace(/^\d+:/, "")}_${architecture}.deb`;
}

const TYPE_FLAGS: Readonly<Record<TarType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "char-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

function tarEntry(path: string, flag: string, content: Buffer, file: Partial<FixtureFile>): Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  header.write(Buffer.from(path).subarray(0, 100).toString(), 0);
  octal(file.mode ?? (flag === "5" ? 0o755 : 0o644), 100, 8);
  octal(file.uid ?? 0, 108, 8);
  octal(file.gid ?? 0, 116, 8);
  octal(content.length, 124, 12);
  octal(file.mtime ?? 1_000_000_000, 136, 12);
  header.write("        ", 148);
  header.write(flag, 156);
  header.write(
    Buffer.from(file.target ?? "")
      .subarray(0, 100)
      .toString(),
    157,
  );
  header.write("ustar\x0000", 257, "latin1");
  octal(1, 329, 8);
  octal(3, 337, 8);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/** The record's length counts its own digits. */
function paxRecord([key, value]: readonly [string, string]): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (`${length}`.length + rest !== length) length++;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function controlText({
  name,
  version = "1.0-1",
  architecture = "amd64",
  fields = {},
}: FixturePackage): string {
  const all = {
    Package: name,
    Version: version,
    Architecture: architecture,
    Maintainer: "Test <test@example.org>",
    Priority: "optional",
    ...fields,
    Description: fields.Description ?? `test package ${name}`,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join("");
}

async function compress(content: Buffer, compression: "xz" | "zst" | "gz" | "none"): Promise<Buffer> {
  if (compression === "zst") return zstdCompressSync(content);
  if (compression === "gz") return gzipSync(content);
  return compression === "none" ? content : new Promise((resolve) => lzma.compress(content, {}, resolve));
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function write(path: string, content: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
