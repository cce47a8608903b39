/** Finds an image in its layout or archive and reads what it says of itself. Every document is verified before it is read. */
import { isAbsolute, join } from "node:path";
import { MicrovmError } from "../../errors.ts";
import type { FileSlice } from "../../os/file-slice.ts";
import { existsSync, statSync } from "../../os/files.ts";
import {
  archiveBlobs,
  type Blobs,
  checkDigest,
  directoryBlobs,
  findBlob,
  readDocument,
  verifiedBlob,
} from "./blobs.ts";
import {
  type Descriptor,
  DocumentFault,
  type ImageConfig,
  parseConfig,
  parseIndex,
  parseManifest,
  parseSaved,
} from "./documents.ts";
import { imageInvalid } from "./image-invalid.ts";
import type { OciImage } from "./image-source.ts";
import { compressionOf, type LayerCompression } from "./media-types.ts";
import { chooseImage, chooseSaved } from "./references.ts";

/** A layer of an image, and where it lies. */
export interface ImageLayer {
  /** Of the file as it lies there. */
  readonly digest: string;
  /** Of what it holds, uncompressed. */
  readonly diffId: string;
  readonly compression: LayerCompression;
  readonly file: FileSlice;
}

/** An image that was found. Its layers are verified when they are used. */
export interface OpenedImage {
  /** What errors call it. */
  readonly name: string;
  /** Of its manifest; of its configuration in an archive of `docker save`. */
  readonly digest: string;
  readonly config: ImageConfig;
  /** The lowest first. */
  readonly layers: readonly ImageLayer[];
}

/** Opens an image of a project. Errors: `image-invalid`. */
export async function openImage(source: OciImage, projectDirectory: string): Promise<OpenedImage> {
  const place = isAbsolute(source.path) ? source.path : join(projectDirectory, source.path);
  const name = source.reference === null ? source.path : `${source.path}:${source.reference}`;
  checkPlace(place, source);
  const isDirectory = source.form === "layout";
  try {
    const blobs = isDirectory ? directoryBlobs(place) : await archiveBlobs(place, name);
    const image = blobs.find("oci-layout") ? openLayout(blobs, source, name) : openSaved(blobs, source, name);
    return checked(image, source);
  } catch (error) {
    if (error instanceof DocumentFault) throw imageInvalid(name, error.message);
    if (error instanceof MicrovmError && error.code === "package-invalid") {
      throw imageInvalid(
        name,
        "it is no tar archive, or a damaged one",
        "A compressed archive must be unpacked",
      );
    }
    throw error;
  }
}

function checkPlace(place: string, { form, path }: OciImage): void {
  const isThere = existsSync(place);
  if (isThere && statSync(place).isDirectory() === (form === "layout")) return;
  const why = isThere ? `that is ${form === "layout" ? "no directory" : "no file"}` : "there is nothing";
  throw imageInvalid(path, why, "A path is relative to the project's directory");
}

function openLayout(blobs: Blobs, source: OciImage, name: string): OpenedImage {
  const index = parseIndex(readDocument(blobs, "index.json", name));
  const nested = (descriptor: Descriptor) => parseIndex(verifiedDocument(blobs, descriptor, name));
  const found = chooseImage(index, source, nested, name);
  const manifest = parseManifest(verifiedDocument(blobs, found, name));
  const config = parseConfig(verifiedDocument(blobs, manifest.config, name));
  if (config.diffIds.length !== manifest.layers.length) {
    throw imageInvalid(name, "its manifest and its configuration have different numbers of layers");
  }
  const layers = manifest.layers.map((layer, position): ImageLayer => {
    const file = findBlob(blobs, `blobs/${layer.digest.replace(":", "/")}`, name);
    if (file.size !== layer.size) {
      throw imageInvalid(
        name,
        `"${layer.digest}" has ${file.size} bytes, not ${layer.size} as is said of it`,
      );
    }
    const compression = compressionOf(layer.mediaType);
    if (!compression) throw imageInvalid(name, `it has a layer of the unknown type "${layer.mediaType}"`);
    return { digest: layer.digest, diffId: config.diffIds[position]!, compression, file };
  });
  return { name, digest: found.digest, config, layers };
}

function verifiedDocument(blobs: Blobs, descriptor: Descriptor, name: string): string {
  const file = verifiedBlob(blobs, descriptor, name);
  return readDocument({ find: () => file }, descriptor.digest, name);
}

/** An archive of `docker save` before it became a layout too: a configuration is named by its digest. */
function openSaved(blobs: Blobs, source: OciImage, name: string): OpenedImage {
  if (!blobs.find("manifest.json")) {
    throw imageInvalid(name, 'it is no image: it has neither "oci-layout" nor "manifest.json"');
  }
  const saved = chooseSaved(parseSaved(readDocument(blobs, "manifest.json", name)), source, name);
  const [, hex] = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(saved.config) ?? [];
  if (hex === undefined) throw imageInvalid(name, "its configuration is not named by its digest");
  const digest = `sha256:${hex}`;
  const file = findBlob(blobs, saved.config, name);
  checkDigest(file, digest, name);
  const config = parseConfig(readDocument(blobs, saved.config, name));
  if (config.diffIds.length !== saved.layers.length) {
    throw imageInvalid(name, "its list of images and its configuration have different numbers of layers");
  }
  const layers = saved.layers.map((path, position): ImageLayer => {
    const diffId = config.diffIds[position]!;
    return { digest: diffId, diffId, compression: "none", file: findBlob(blobs, path, name) };
  });
  return { name, digest, config, layers };
}

function checked(image: OpenedImage, { architecture, digest }: OciImage): OpenedImage {
  const { name, config } = image;
  if (digest !== null && image.digest !== digest) {
    throw imageInvalid(name, `its digest is "${image.digest}", not "${digest}" as the project says`);
  }
  if (config.os !== "linux" || config.architecture !== architecture) {
    throw imageInvalid(name, `it is for ${config.os}/${config.architecture}, not for linux/${architecture}`);
  }
  return image;
}
