/** The files of an image: those of a directory, or those in a tar archive, which is not unpacked for it. */
import { createHash } from "node:crypto";
import { join, normalize } from "node:path";
import { systemCode } from "../../errors.ts";
import { type FileSlice, openSlice, piecesOf, readSlice } from "../../os/file-slice.ts";
import { statSync } from "../../os/files.ts";
import { readTar } from "../debian/tar.ts";
import { imageInvalid } from "./image-invalid.ts";

/** Files by their path in the image's directory or archive. */
export interface Blobs {
  find(path: string): FileSlice | undefined;
}

/** Bytes of a document; the largest manifests have some hundred kilobytes. */
const MAX_DOCUMENT = 4 * 1024 * 1024;

/** Entries of an archive: a layer, its directory and two small files each, for many images. */
const MAX_ENTRIES = 100_000;

/** The files of a directory. */
export function directoryBlobs(directory: string): Blobs {
  return {
    find(path) {
      try {
        const file = join(directory, path);
        const stats = statSync(file);
        return stats.isFile() ? { path: file, start: 0, size: stats.size } : undefined;
      } catch (error) {
        if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
        throw error;
      }
    },
  };
}

/** The files in a tar archive. Their headers are read, not what they hold. Errors: `image-invalid`. */
export async function archiveBlobs(archive: string, name: string): Promise<Blobs> {
  const files = new Map<string, FileSlice>();
  const links: [string, string][] = [];
  let count = 0;
  for await (const entry of readTar(
    openSlice({ path: archive, start: 0, size: statSync(archive).size }),
    name,
  )) {
    if (++count > MAX_ENTRIES) throw imageInvalid(name, `its archive has more than ${MAX_ENTRIES} entries`);
    const { type, path, offset, size, target } = entry;
    if (type === "file") files.set(path, { path: archive, start: offset, size });
    // docker save links a layer that several images have.
    else if (type === "symlink") links.push([path, normalize(join(path, "..", target))]);
    else if (type === "hardlink") links.push([path, target]);
  }
  for (const [path, target] of links) {
    const file = files.get(target);
    if (file && !files.has(path)) files.set(path, file);
  }
  return { find: (path) => files.get(path) };
}

/** The text of a small file. Errors: `image-invalid` when it is missing or too large. */
export function readDocument(blobs: Blobs, path: string, name: string): string {
  const file = findBlob(blobs, path, name);
  if (file.size > MAX_DOCUMENT) throw imageInvalid(name, `"${path}" is too large`);
  return readSlice(file).toString();
}

/** A file that must be there. */
export function findBlob(blobs: Blobs, path: string, name: string): FileSlice {
  const file = blobs.find(path);
  if (file) return file;
  throw imageInvalid(name, `it has no file "${path}"`);
}

/** The file with this digest, whose size and content are looked at. Errors: `image-invalid`. */
export function verifiedBlob(
  blobs: Blobs,
  { digest, size }: { readonly digest: string; readonly size: number },
  name: string,
): FileSlice {
  const file = findBlob(blobs, blobPath(digest), name);
  if (file.size !== size) {
    throw imageInvalid(name, `"${digest}" has ${file.size} bytes, not ${size} as is said of it`);
  }
  checkDigest(file, digest, name);
  return file;
}

/** Errors: `image-invalid` when the file's content has another digest. */
export function checkDigest(file: FileSlice, digest: string, name: string): void {
  const hash = createHash("sha256");
  for (const piece of piecesOf(file)) hash.update(piece);
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== digest) {
    throw imageInvalid(name, `what should be "${digest}" is "${found}"`, "Make or copy the image again");
  }
}

/** Where a layout keeps what has this digest. */
function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}
