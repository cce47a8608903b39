/** How layers are compressed, by the types that manifests give them. */

/** A compression of layers. */
export type LayerCompression = "none" | "gzip" | "zstd";

/** Types of layers: those of the OCI image specification, and Docker's own of the same form. */
const LAYERS =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar|docker\.image\.rootfs\.diff\.tar)(?:[.+](gzip|zstd))?$/;

/** The compression of a layer of this type; undefined for a type that is none of a layer. */
export function compressionOf(mediaType: string): LayerCompression | undefined {
  const match = LAYERS.exec(mediaType);
  return match ? ((match[1] as LayerCompression | undefined) ?? "none") : undefined;
}

/** Whether a descriptor of this type leads to a further index. */
export function isIndex(mediaType: string): boolean {
  return (
    mediaType === "application/vnd.oci.image.index.v1+json" ||
    mediaType === "application/vnd.docker.distribution.manifest.list.v2+json"
  );
}

/** Whether a descriptor of this type leads to an image's manifest. */
export function isManifest(mediaType: string): boolean {
  return (
    mediaType === "application/vnd.oci.image.manifest.v1+json" ||
    mediaType === "application/vnd.docker.distribution.manifest.v2+json"
  );
}
