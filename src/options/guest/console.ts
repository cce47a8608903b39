/** `console`: keyboard and font of virtual terminals. */
import { type InferConfig, mkIf, mkMerge, mkOption, types, withFile } from "../../module-system/index.ts";

/** Units that ask for a name on a console. Of a serial one there is an instance for each port that the kernel prints on. */
const LOGIN_UNITS = [
  "autovt@.service",
  "console-getty.service",
  "getty@.service",
  "getty@tty1.service",
  "serial-getty@.service",
];

/** Options of virtual terminals. */
export const consoleTextOptions = {
  console: {
    enable: mkOption({
      type: types.bool,
      default: true,
      description:
        "Whether one can log in on the guest's consoles, the serial one included. Without it `microvm console` shows what the guest prints, and asks for no name.",
    }),
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
    packages: mkOption({
      type: types.listOf(types.nonEmptyStr),
      default: [],
      description: "Packages with more fonts and keyboards.",
      example: ["fonts-terminus-otb"],
    }),
    colors: mkOption({
      type: types.listOf(types.strMatching(/^[0-9a-fA-F]{6}$/)),
      default: [],
      description:
        "The sixteen colours of virtual terminals, red, green and blue of each in hexadecimal. An empty list leaves the kernel's.",
      example: [
        ...["002b36", "dc322f", "859900", "b58900", "268bd2", "d33682", "2aa198", "eee8d5"],
        ...["002b36", "cb4b16", "586e75", "657b83", "839496", "6c71c4", "93a1a1", "fdf6e3"],
      ],
    }),
  },
} as const;

type Config = InferConfig<typeof consoleTextOptions>;

const implementation = ({ config }: { readonly config: Config }) => ({
  config: mkMerge([
    mkIf(() => config.console.keyMap !== null || config.console.font !== null, {
      environment: {
        servicePackages: ["console-setup", "kbd"],
        etc: {
          "default/keyboard": { text: () => keyboard(config.console.keyMap ?? "us") },
          "default/console-setup": {
            text: () =>
              `# console\nACTIVE_CONSOLES="/dev/tty[1-6]"\nCHARMAP="UTF-8"\nCODESET="guess"\n${config.console.font === null ? "" : `FONT="${config.console.font}"\n`}`,
          },
        },
      },
    }),
    mkIf(() => !config.console.enable, { systemd: { maskedUnits: LOGIN_UNITS } }),
    {
      environment: { servicePackages: () => config.console.packages },
      boot: { kernelParams: () => colorWords(config.console.colors) },
      assertions: () => [
        {
          assertion: [0, 16].includes(config.console.colors.length),
          message: `"console.colors" has ${config.console.colors.length} colours: give all 16, or none`,
        },
      ],
    },
  ]),
});

/** The kernel takes reds, greens and blues of all colours, each in a word of its own. */
function colorWords(colors: readonly string[]): string[] {
  if (colors.length === 0) return [];
  return ["red", "grn", "blu"].map((part, index) => {
    const values = colors.map((color) => Number.parseInt(color.slice(2 * index, 2 * index + 2), 16));
    return `vt.default_${part}=${values.join(",")}`;
  });
}

function keyboard(keyMap: string): string {
  const [layout, variant = ""] = keyMap.replace(")", "").split("(");
  return `# console.keyMap\nXKBMODEL="pc105"\nXKBLAYOUT="${layout}"\nXKBVARIANT="${variant}"\nXKBOPTIONS=""\nBACKSPACE="guess"\n`;
}

/** Declares them, and sets them up Debian's way, console-setup(5). */
export const consoleText = withFile("src/options/guest/console.ts", {
  imports: [implementation],
  options: consoleTextOptions,
});
