/** How programs are put together into few files. */
import type { BuildOptions } from "esbuild";

/** Of esbuild. Packages stay where they are; what is loaded late is in a file of its own. */
export const BUNDLE = {
  bundle: true,
  splitting: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node24",
  logLevel: "warning",
} as const satisfies BuildOptions;
