/** `documentation`: what packages bring to read. */
import { mkOption, types, withFile } from "../../module-system/index.ts";

interface Arguments {
  readonly config: {
    readonly microvm: { readonly optimize: { readonly enable: boolean } };
    readonly documentation: { readonly enable: boolean };
  };
}

const part = (files: string) =>
  mkOption({
    type: types.bool,
    default: ({ config }: Arguments) => config.documentation.enable,
    defaultText: "documentation.enable",
    description: `Whether the guest has its packages' ${files}.`,
  });

/** Options of documentation. */
export const documentationOptions = {
  documentation: {
    enable: mkOption({
      type: types.bool,
      default: ({ config }: Arguments) => !config.microvm.optimize.enable,
      defaultText: "not microvm.optimize.enable",
      description:
        "Whether the guest has its packages' documentation. Licences are there in any case. To read manual pages a guest needs the package `man-db`.",
    }),
    doc: { enable: part("files in `/usr/share/doc`") },
    info: { enable: part("pages of info(1)") },
    man: { enable: part("manual pages") },
  },
} as const;

/** Declares them. */
export const documentation = withFile("src/options/guest/documentation.ts", {
  options: documentationOptions,
});
