/** Which of several images is meant. Pure, but for reading further indices by a function that is given. */
import type { Descriptor, SavedImage } from "./documents.ts";
import { imageInvalid } from "./image-invalid.ts";
import type { OciImage } from "./image-source.ts";
import { isIndex, isManifest } from "./media-types.ts";

/** Indices in indices: one for the names, one for the platforms; more is allowed. */
const MAX_DEPTH = 4;

/** Where tools write an image's name: the specification's annotation, and containerd's. */
const NAMES = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];

type Wish = Pick<OciImage, "reference" | "architecture">;

/** The manifest that is meant: by its name or digest, then by the platform. Errors: `image-invalid`. */
export function chooseImage(
  index: readonly Descriptor[],
  { reference, architecture }: Wish,
  readIndex: (descriptor: Descriptor) => readonly Descriptor[],
  name: string,
): Descriptor {
  const named = reference === null ? index : index.filter((one) => isNamed(one, reference));
  if (named.length === 0) throw imageInvalid(name, noSuch(reference, index.flatMap(namesOf)));
  const manifests = (list: readonly Descriptor[], depth: number): readonly Descriptor[] =>
    list.flatMap((one) => {
      if (!isIndex(one.mediaType)) return isManifest(one.mediaType) ? [one] : [];
      if (depth === MAX_DEPTH) throw imageInvalid(name, "its indices lead to each other");
      return manifests(readIndex(one), depth + 1);
    });
  const all = manifests(named, 1);
  const fitting = all.filter(
    ({ platform }) => !platform || (platform.os === "linux" && platform.architecture === architecture),
  );
  const [only, ...others] = new Map(fitting.map((one) => [one.digest, one])).values();
  if (only === undefined) throw imageInvalid(name, notFor(architecture, all));
  if (others.length > 0) throw severalImages(name, index.flatMap(namesOf));
  return only;
}

/** The image that is meant of an archive of `docker save`. Errors: `image-invalid`. */
export function chooseSaved(images: readonly SavedImage[], { reference }: Wish, name: string): SavedImage {
  const tags = images.flatMap((image) => image.tags);
  const found = reference === null ? images : images.filter((one) => one.tags.some(matches(reference)));
  const [only, ...others] = found;
  if (only === undefined) throw imageInvalid(name, noSuch(reference, tags));
  if (others.length > 0) throw severalImages(name, tags);
  return only;
}

function isNamed(descriptor: Descriptor, reference: string): boolean {
  return descriptor.digest === reference || namesOf(descriptor).some(matches(reference));
}

/** A name as it is written, or its tag. */
function matches(reference: string): (name: string) => boolean {
  return (name) => name === reference || name.endsWith(`:${reference}`);
}

function namesOf({ annotations }: Descriptor): readonly string[] {
  return NAMES.flatMap((key) => annotations[key] ?? []);
}

function noSuch(reference: string | null, names: readonly string[]): string {
  if (reference === null) return "it holds no image";
  return `it holds no image "${reference}"${names.length > 0 ? `; it has ${quoted(names)}` : ""}`;
}

function notFor(architecture: string, all: readonly Descriptor[]): string {
  const platforms = all.flatMap(({ platform }) =>
    platform ? [`${platform.os}/${platform.architecture}`] : [],
  );
  const found = platforms.length > 0 ? `; it is there for ${quoted(platforms)}` : "";
  return `it is not there for "linux/${architecture}"${found}`;
}

function severalImages(name: string, names: readonly string[]) {
  const hint = `Choose one with "reference"${names.length > 0 ? `: ${quoted(names)}` : ", a digest"}`;
  return imageInvalid(name, "it holds several images", hint);
}

function quoted(texts: readonly string[]): string {
  return [...new Set(texts)].map((text) => JSON.stringify(text)).join(", ");
}
