/** From the layers of an image to one tree. */
import { createHash, type Hash } from "node:crypto";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { MicrovmError, messageOf } from "../../errors.ts";
import { piecesOf } from "../../os/file-slice.ts";
import { pipeThrough } from "../../os/streams.ts";
import { readTar } from "../debian/tar.ts";
import { checkDigest } from "./blobs.ts";
import { imageInvalid } from "./image-invalid.ts";
import { ImageTree } from "./image-tree.ts";
import type { ImageLayer } from "./open-image.ts";

/** How much an image may hold, so that a small file that decompresses without end is noticed. */
export interface ImageLimits {
  readonly entries: number;
  /** Of all regular files. */
  readonly bytes: number;
}

/** Ten times what large images hold: some with machine-learning libraries have 20 GiB in 300 000 files. */
const LIMITS: ImageLimits = { entries: 4_000_000, bytes: 256 * 1024 ** 3 };

/** What is applied, and how. */
export interface ApplyOptions {
  /** What errors call the image. */
  readonly name: string;
  /** The lowest first. */
  readonly layers: readonly ImageLayer[];
  /** An empty directory. */
  readonly root: string;
  /** The command that runs setfattr(1). */
  readonly setAttribute: readonly string[];
  readonly signal?: AbortSignal;
  readonly limits?: ImageLimits;
  /** Called after each layer. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Applies the layers in order. Each is verified before anything of it is used, and what it decompresses to while it is
 * used. Errors: `image-invalid`; the root may then hold a part.
 */
export async function applyLayers(options: ApplyOptions): Promise<void> {
  const { name, layers, root, limits = LIMITS, onProgress } = options;
  const tree = new ImageTree(root, options.setAttribute);
  const left = { ...limits };
  for (const [index, layer] of layers.entries()) {
    checkDigest(layer.file, layer.digest, name);
    try {
      await applyLayer(tree, layer, left, options);
    } catch (error) {
      throw explained(error, layer, name);
    }
    onProgress?.(index + 1, layers.length);
  }
}

async function applyLayer(
  tree: ImageTree,
  layer: ImageLayer,
  left: { entries: number; bytes: number },
  { name, signal }: ApplyOptions,
): Promise<void> {
  tree.beginLayer(layer.diffId);
  const hash = createHash("sha256");
  for await (const entry of readTar(hashed(contentOf(layer), hash), layer.diffId)) {
    signal?.throwIfAborted();
    left.entries -= 1;
    left.bytes -= entry.size;
    if (left.entries < 0 || left.bytes < 0) throw imageInvalid(name, "it holds more than any image should");
    await tree.add(entry);
  }
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== layer.diffId) {
    throw imageInvalid(name, `a layer that should hold "${layer.diffId}" holds "${found}"`);
  }
}

function contentOf({ compression, file }: ImageLayer): AsyncIterable<Buffer> | Iterable<Buffer> {
  if (compression === "none") return piecesOf(file);
  return pipeThrough(piecesOf(file), compression === "gzip" ? createGunzip() : createZstdDecompress());
}

async function* hashed(pieces: AsyncIterable<Buffer> | Iterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

/** What readers of packages have to say, said of the image; what the disk says is not the image's fault. */
function explained(error: unknown, { diffId }: ImageLayer, name: string): unknown {
  if (error instanceof MicrovmError && error.code === "package-invalid") {
    const why = error.message.replace(`Cannot read the package "${diffId}": `, "");
    return imageInvalid(name, `in the layer "${diffId}" ${why}`);
  }
  if (error instanceof Error && "syscall" in error && /chown$/.test(String(error.syscall))) {
    const hint = "Run microvm as root, or give this user more subordinate ids";
    return imageInvalid(name, `a file of "${diffId}" belongs to an id that this user may not give`, hint);
  }
  const isDamage = error instanceof Error && "code" in error && /^(Z_|ZSTD_)/.test(String(error.code));
  return isDamage ? imageInvalid(name, `the layer "${diffId}" is damaged (${messageOf(error)})`) : error;
}
