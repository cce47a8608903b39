/** A small closure with everything that a stream may hold. */
import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builders, fixedFile, recipe } from "./recipes.ts";

const isRoot = process.getuid?.() === 0;

const source = fixedFile("source", "source");
/** A layer, as a guest sees one. */
export const layer = recipe("layer", { kind: "layer", exactModes: true, inputs: { source } });
/** What needs it. */
export const top = recipe("top", { kind: "system", inputs: { layer, source }, references: ["layer"] });

/** Builders of both. */
export const all = {
  ...builders,
  layer: async ({ out }: { out: string }) => {
    mkdirSync(join(out, "etc"), { recursive: true });
    writeFileSync(join(out, "etc/motd"), "hello");
    writeFileSync(join(out, "su"), "su");
    if (isRoot) spawnSync("chown", ["3:4", join(out, "etc/motd")]);
    chmodSync(join(out, "su"), 0o4755);
    linkSync(join(out, "su"), join(out, "sudo"));
    symlinkSync("/etc/motd", join(out, "absolute"));
    chmodSync(join(out, "etc"), 0o2750);
    if (isRoot) {
      spawnSync("mknod", [join(out, "gone"), "c", "0", "0"]);
      spawnSync("setcap", ["cap_net_raw=ep", join(out, "su")]);
    }
  },
  system: async ({ out, input }: { out: string; input(key: string): string }) => {
    mkdirSync(out);
    writeFileSync(join(out, "size"), Buffer.alloc(600_000, "x"));
    symlinkSync(`../${input("layer").split("/").at(-1)}`, join(out, "layer"));
  },
};
