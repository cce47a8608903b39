/** The documents of an image: index, manifest, configuration, and what `docker save` writes in their place. Pure. */

/** What points to a document or a layer. */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of an image in an index; absent when it does not say. */
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** What an image says of the process that it is made for. */
export interface ImageConfig {
  readonly os: string;
  /** As Go calls it, which for `amd64` and `arm64` is what Debian does. */
  readonly architecture: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** `user`, `uid`, `user:group`, `uid:gid`; empty is root. */
  readonly user: string;
  readonly workingDir: string;
  /** A name or a number; empty is SIGTERM. */
  readonly stopSignal: string;
  /** Digests of the uncompressed layers, the lowest first. */
  readonly diffIds: readonly string[];
}

/** An image in an archive of `docker save`. */
export interface SavedImage {
  /** Path of its configuration in the archive. */
  readonly config: string;
  readonly tags: readonly string[];
  /** Paths of its layers in the archive, the lowest first. */
  readonly layers: readonly string[];
}

/** A document is not what it should be; the message begins with a small letter and quotes nothing of it. */
export class DocumentFault extends Error {}

/** More than any image has: a container's runtime stacks at most 127. */
const MAX_LAYERS = 1000;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The descriptors of an index: images, or further indices. */
export function parseIndex(text: string): readonly Descriptor[] {
  const { schemaVersion, manifests } = parseObject(text, "its index");
  if (schemaVersion !== 2) throw new DocumentFault("its index is of an unknown version");
  return listOf(manifests, "its index").map((one) => parseDescriptor(one, "its index"));
}

/** Configuration and layers of a manifest. */
export function parseManifest(text: string): {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
} {
  const { schemaVersion, config, layers } = parseObject(text, "its manifest");
  if (schemaVersion !== 2) throw new DocumentFault("its manifest is of an unknown version");
  const list = listOf(layers, "its manifest");
  if (list.length > MAX_LAYERS) throw new DocumentFault(`it has more than ${MAX_LAYERS} layers`);
  return {
    config: parseDescriptor(config, "its manifest"),
    layers: list.map((one) => parseDescriptor(one, "its manifest")),
  };
}

/** The configuration. */
export function parseConfig(text: string): ImageConfig {
  const where = "its configuration";
  const { os, architecture, rootfs, config } = parseObject(text, where);
  const run = config === undefined || config === null ? {} : objectOf(config, where);
  const diffIds = listOf(objectOf(rootfs, where).diff_ids, where);
  if (diffIds.length > MAX_LAYERS) throw new DocumentFault(`it has more than ${MAX_LAYERS} layers`);
  return {
    os: textOf(os, where),
    architecture: textOf(architecture, where),
    entrypoint: textsOf(run.Entrypoint, where),
    cmd: textsOf(run.Cmd, where),
    env: textsOf(run.Env, where),
    user: textOf(run.User ?? "", where),
    workingDir: textOf(run.WorkingDir ?? "", where),
    stopSignal: textOf(run.StopSignal ?? "", where),
    diffIds: diffIds.map((one) => digestOf(one, where)),
  };
}

/** The images of an archive of `docker save`. */
export function parseSaved(text: string): readonly SavedImage[] {
  const where = "its list of images";
  return listOf(parse(text, where), where).map((one) => {
    const { Config, RepoTags, Layers } = objectOf(one, where);
    return {
      config: textOf(Config, where),
      tags: textsOf(RepoTags, where),
      layers: textsOf(Layers, where),
    };
  });
}

function parseDescriptor(value: unknown, where: string): Descriptor {
  const { mediaType, digest, size, annotations, platform } = objectOf(value, where);
  if (!Number.isSafeInteger(size) || Number(size) < 0) throw malformed(where);
  const found = platform === undefined || platform === null ? undefined : objectOf(platform, where);
  return {
    mediaType: textOf(mediaType, where),
    digest: digestOf(digest, where),
    size: Number(size),
    annotations: Object.fromEntries(
      Object.entries(annotations ? objectOf(annotations, where) : {}).map(([key, text]) => [
        key,
        textOf(text, where),
      ]),
    ),
    ...(found && {
      platform: { os: textOf(found.os, where), architecture: textOf(found.architecture, where) },
    }),
  };
}

function digestOf(value: unknown, where: string): string {
  if (typeof value === "string" && DIGEST.test(value)) return value;
  throw new DocumentFault(`${where} has a digest that is no SHA-256`);
}

function parseObject(text: string, where: string): Record<string, unknown> {
  return objectOf(parse(text, where), where);
}

/** What does not parse is not shown: a path can lead to any file of the host. */
function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DocumentFault(`${where} is no JSON`);
  }
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed(where);
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(where);
}

/** Null and a missing list are what Go's encoder makes of an empty one. */
function textsOf(value: unknown, where: string): readonly string[] {
  return listOf(value ?? [], where).map((one) => textOf(one, where));
}

function textOf(value: unknown, where: string): string {
  if (typeof value === "string" && !value.includes("\0")) return value;
  throw malformed(where);
}

function malformed(where: string): DocumentFault {
  return new DocumentFault(`${where} is malformed`);
}
