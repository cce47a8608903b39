/** `systemd.tmpfiles`: files and directories that are made, cleaned and removed while the guest runs. */
import { type InferConfig, mkIf, mkMerge, mkOption, types, withFile } from "../../module-system/index.ts";

/** A field of a line, tmpfiles.d(5). */
const field = (description: string, example: string) =>
  mkOption({ type: types.strMatching(/^[^\s]+$/), default: "-", description, example });

/** `systemd.tmpfiles.settings.*.*.*`. */
const entry = types.submodule({
  options: {
    mode: field("Permissions, in octal. `-` takes the usual ones.", "0750"),
    user: field("Owner. `-` is root.", "alice"),
    group: field("Group. `-` is root.", "users"),
    age: field("What is older is removed. `-` removes nothing.", "10d"),
    argument: mkOption({
      type: types.strMatching(/^[^\n]*$/),
      default: "",
      description: "What the type of line takes: text of a file, target of a link.",
      example: "/srv/www",
    }),
  },
});

/** Options of systemd-tmpfiles. */
export const tmpfilesOptions = {
  systemd: {
    tmpfiles: {
      rules: mkOption({
        type: types.listOf(types.strMatching(/^[^\n]+$/)),
        default: [],
        description: "Lines of tmpfiles.d(5).",
        example: ["d /var/lib/pictures 0750 alice users -"],
      }),
      settings: mkOption({
        type: types.attrsOf(types.attrsOf(types.attrsOf(entry))),
        default: {},
        description:
          "The same as data: by the name of a file in `/etc/tmpfiles.d`, by path, by type of line.",
        example: {
          pictures: { "/var/lib/pictures": { d: { mode: "0750", user: "alice", group: "users" } } },
        },
      }),
    },
  },
} as const;

type Config = InferConfig<typeof tmpfilesOptions>;
type Settings = Config["systemd"]["tmpfiles"]["settings"][string];

const implementation = ({ config }: { readonly config: Config }) => ({
  config: {
    environment: {
      etc: mkMerge([
        mkIf(() => config.systemd.tmpfiles.rules.length > 0, {
          "tmpfiles.d/00-microvm.conf": {
            text: () => `# systemd.tmpfiles.rules\n${config.systemd.tmpfiles.rules.join("\n")}\n`,
          },
        }),
        () =>
          Object.fromEntries(
            Object.entries(config.systemd.tmpfiles.settings).map(([name, settings]) => [
              `tmpfiles.d/${name}.conf`,
              { text: `# systemd.tmpfiles.settings."${name}"\n${settingsText(settings)}` },
            ]),
          ),
      ]),
    },
  },
});

function settingsText(settings: Settings): string {
  return Object.entries(settings)
    .flatMap(([path, types]) =>
      Object.entries(types).map(([type, { mode, user, group, age, argument }]) =>
        // A specifier of the path is taken literally; the argument may have some.
        [type, quotePath(path), mode, user, group, age, argument].join(" ").trimEnd().concat("\n"),
      ),
    )
    .join("");
}

function quotePath(path: string): string {
  const text = path.replaceAll("%", "%%");
  return /[\s"'\\]/.test(text) ? `"${text.replace(/[\\"]/g, "\\$&")}"` : text;
}

/** Declares them, and writes the files. */
export const tmpfiles = withFile("src/options/guest/tmpfiles.ts", {
  imports: [implementation],
  options: tmpfilesOptions,
});
