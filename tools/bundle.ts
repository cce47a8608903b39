/** How programs are put together into few files. */
import type { BuildOptions } from "esbuild";

/** Of esbuild. Packages stay where they are. */
export const BUNDLE = {
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node24",
  logLevel: "warning",
} as const satisfies BuildOptions;
