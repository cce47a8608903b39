/** What tells one guest from another, derived from its names, so that it stays the same from build to build. */
import { createHash } from "node:crypto";

/** The machine's UUID: as declared, else made from the host name in the form of a random one (RFC 9562, 5.4). */
export function machineUuid(hostName: string, declared: string | null): string {
  if (declared !== null) return declared;
  const bytes = createHash("sha256").update(`microvm machine ${hostName}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Hardware address of an interface: as declared, else made from both names, locally administered (IEEE 802). */
export function macAddress(name: string, id: string, declared: string | null): string {
  if (declared !== null) return declared.toLowerCase();
  const bytes = createHash("sha256").update(`microvm interface ${name} ${id}`).digest().subarray(0, 5);
  return ["02", ...[...bytes].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** Serial number of a layer's disk: the beginning of its store path, as much as virtio-blk takes. */
export function layerSerial(layer: string): string {
  return layer.slice(0, 20);
}
