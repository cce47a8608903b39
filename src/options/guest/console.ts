/** `console`: keyboard and font of virtual terminals. */
import { type InferConfig, mkIf, mkOption, types, withFile } from "../../module-system/index.ts";

/** Options of virtual terminals. */
export const consoleTextOptions = {
  console: {
    keyMap: mkOption({
      type: types.nullOr(types.strMatching(/^[a-z]+(?:\([\w-]+\))?$/)),
      default: null,
      description:
        "Keyboard of virtual terminals, by its name in xkeyboard-config(7), with a variant in parentheses; NixOS takes names of kbd. A serial console has the keyboard of whoever looks at it. Null leaves it as it is.",
      example: "de(nodeadkeys)",
    }),
    font: mkOption({
      type: types.nullOr(types.strMatching(/^[\w.+-]+$/)),
      default: null,
      description: "Font of virtual terminals: a file in `/usr/share/consolefonts`. Null leaves it as it is.",
      example: "Lat15-Terminus16.psf.gz",
    }),
  },
} as const;

type Config = InferConfig<typeof consoleTextOptions>;

const implementation = ({ config }: { readonly config: Config }) => ({
  config: mkIf(() => config.console.keyMap !== null || config.console.font !== null, {
    environment: {
      packages: ["console-setup", "kbd"],
      etc: {
        "default/keyboard": { text: () => keyboard(config.console.keyMap ?? "us") },
        "default/console-setup": {
          text: () =>
            `# console\nACTIVE_CONSOLES="/dev/tty[1-6]"\nCHARMAP="UTF-8"\nCODESET="guess"\n${config.console.font === null ? "" : `FONT="${config.console.font}"\n`}`,
        },
      },
    },
  }),
});

function keyboard(keyMap: string): string {
  const [layout, variant = ""] = keyMap.replace(")", "").split("(");
  return `# console.keyMap\nXKBMODEL="pc105"\nXKBLAYOUT="${layout}"\nXKBVARIANT="${variant}"\nXKBOPTIONS=""\nBACKSPACE="guess"\n`;
}

/** Declares them, and sets them up Debian's way, console-setup(5). */
export const consoleText = withFile("src/options/guest/console.ts", {
  imports: [implementation],
  options: consoleTextOptions,
});
