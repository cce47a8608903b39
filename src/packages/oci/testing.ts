/** Small images for tests: layouts and archives made from lists of files. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { mkdirSync, writeFileSync } from "../../os/files.ts";
import { buildTar, type FixtureFile } from "../debian/testing.ts";

/** A layer: files, or a tar archive. */
export interface FixtureLayer {
  readonly files?: readonly FixtureFile[];
  readonly tar?: Buffer;
  /** Default `none`. */
  readonly compression?: "none" | "gzip" | "zstd";
  /** In place of the right type. */
  readonly mediaType?: string;
}

/** An image. */
export interface FixtureImage {
  readonly layers: readonly FixtureLayer[];
  /** Its `config`: Entrypoint, Cmd, Env, User, WorkingDir. */
  readonly config?: object;
  /** Default `amd64`. */
  readonly architecture?: string;
  readonly os?: string;
  /** Default `latest`; null: none. */
  readonly name?: string | null;
  /** Whether the index says for which platform it is. Default true. */
  readonly hasPlatform?: boolean;
}

/** A layout's files by path. They can be changed before they are written. */
export type FixtureFiles = Map<string, Buffer>;

const SUFFIXES = { none: "", gzip: "+gzip", zstd: "+zstd" } as const;

/** `sha256:` and the digest of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** The files of a layout with these images. */
export function layoutFiles(...images: readonly FixtureImage[]): FixtureFiles {
  const files: FixtureFiles = new Map([["oci-layout", json({ imageLayoutVersion: "1.0.0" })]]);
  const manifests = images.map((image) => addImage(files, image));
  files.set("index.json", json({ schemaVersion: 2, manifests }));
  return files;
}

/** Adds bytes to the blobs of a layout; gives what points to them. */
export function addBlob(files: FixtureFiles, mediaType: string, bytes: Buffer) {
  const digest = digestOf(bytes);
  files.set(`blobs/${digest.replace(":", "/")}`, bytes);
  return { mediaType, digest, size: bytes.length };
}

/** The bytes of a JSON document. */
export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function addImage(files: FixtureFiles, image: FixtureImage) {
  const { config = {}, architecture = "amd64", os = "linux", name = "latest", hasPlatform = true } = image;
  const tars = image.layers.map(({ tar, files: list = [] }) => tar ?? buildTar(list));
  const layers = image.layers.map(({ compression = "none", mediaType }, index) =>
    addBlob(
      files,
      mediaType ?? `application/vnd.oci.image.layer.v1.tar${SUFFIXES[compression]}`,
      compress(tars[index]!, compression),
    ),
  );
  const rootfs = { type: "layers", diff_ids: tars.map(digestOf) };
  const described = json({ architecture, os, config, rootfs });
  const manifest = {
    schemaVersion: 2,
    config: addBlob(files, "application/vnd.oci.image.config.v1+json", described),
    layers,
  };
  return {
    ...addBlob(files, "application/vnd.oci.image.manifest.v1+json", json(manifest)),
    ...(name !== null && { annotations: { "org.opencontainers.image.ref.name": name } }),
    ...(hasPlatform && { platform: { os, architecture } }),
  };
}

/** Writes a layout's files below a directory, which is made. */
export function writeLayout(directory: string, files: FixtureFiles): void {
  for (const [path, bytes] of files) {
    mkdirSync(join(directory, path, ".."), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  }
}

/** A layout's files as a tar archive. */
export function layoutArchive(files: FixtureFiles): Buffer {
  return buildTar([...files].map(([path, content]) => ({ path, content, isExact: true })));
}

function compress(tar: Buffer, compression: "none" | "gzip" | "zstd"): Buffer {
  if (compression === "none") return tar;
  return compression === "gzip" ? gzipSync(tar) : zstdCompressSync(tar);
}
